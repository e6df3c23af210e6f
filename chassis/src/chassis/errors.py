"""One family of errors inside, few words outside.

Guarantees: a servicer raises a ServiceError and its type, code and retry_after reach the caller's process; an exception
that nobody named becomes Internal and one fixed sentence. detail is always a sentence written in this source tree.
Must never: carry input, str(exception) or mail text to a caller.
"""

import math
import re
from collections.abc import Iterator
from typing import ClassVar, TypeVar

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo  # type: ignore[import-untyped]  # published without types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # published without types
from grpc_status import rpc_status

DOMAIN = "mail-organiser"  # of google.rpc.ErrorInfo: only reasons under it are ours
MAX_RETRY_AFTER = 86_400.0  # seconds; a peer that says more than a day is not believed
MAX_DETAIL = 200  # characters of a peer's sentence; ours are shorter
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_SENTENCE = re.compile(rf"[\x20-\x7e]{{1,{MAX_DETAIL}}}")

_Detail = TypeVar("_Detail", ErrorInfo, RetryInfo)


class StartRefused(Exception):
    """A process that must not start as it is configured. The text says what, why and the fix, and holds no value."""


class ServiceError(Exception):
    """What a caller may learn. detail: a fixed sentence, never input; retry_after: seconds, or None for do not."""

    code: ClassVar[str] = "internal"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    http_status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    sentence: ClassVar[str] = "Something went wrong on our side. Quote the trace id when you report it."

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        """Without a detail, it falls back on the class's own sentence."""
        self.detail = self.sentence if detail is None else detail
        self.retry_after = retry_after
        super().__init__(self.detail)

    def __init_subclass__(cls) -> None:
        """A code is part of a URL and of the wire: snake_case."""
        super().__init_subclass__()
        if not _CODE.fullmatch(cls.code):
            raise TypeError(f"{cls.__name__}.code must be snake_case, 2 to 40 characters")


class InvalidArgument(ServiceError):
    """The request is malformed, whatever the state of the system."""

    code = "invalid_argument"
    status = grpc.StatusCode.INVALID_ARGUMENT
    http_status = 400
    title = "Invalid request"
    sentence = "The request is malformed. Compare it with the documentation."


class Unauthenticated(ServiceError):
    """Nobody, or nobody provable, is asking."""

    code = "unauthenticated"
    status = grpc.StatusCode.UNAUTHENTICATED
    http_status = 401
    title = "Not signed in"
    sentence = "A valid sign-in is needed. Sign in and try again."


class PermissionDenied(ServiceError):
    """We know who is asking, and the answer is no."""

    code = "permission_denied"
    status = grpc.StatusCode.PERMISSION_DENIED
    http_status = 403
    title = "Not allowed"
    sentence = "This caller may not do that."


class NotFound(ServiceError):
    """It isn't there, or not for this caller."""

    code = "not_found"
    status = grpc.StatusCode.NOT_FOUND
    http_status = 404
    title = "Not found"
    sentence = "There is no such thing here."


class Conflict(ServiceError):
    """Somebody else changed it meanwhile: read again and retry."""

    code = "conflict"
    status = grpc.StatusCode.ABORTED
    http_status = 409
    title = "Conflict"
    sentence = "It was changed meanwhile. Read it again and repeat the request."


class FailedPrecondition(ServiceError):
    """The system's state forbids it, and repeating won't help until that state changes."""

    code = "failed_precondition"
    status = grpc.StatusCode.FAILED_PRECONDITION
    http_status = 409
    title = "Not possible now"
    sentence = "The current state does not allow this."


class PreconditionFailed(ServiceError):
    """If-Match names a revision that is no longer current."""

    code = "precondition_failed"
    status = grpc.StatusCode.FAILED_PRECONDITION
    http_status = 412
    title = "Revision is out of date"
    sentence = "The revision in If-Match is not the current one. Read it again and repeat the request."


class PreconditionRequired(ServiceError):
    """If-Match is missing where it must be given."""

    code = "precondition_required"
    status = grpc.StatusCode.FAILED_PRECONDITION
    http_status = 428
    title = "Revision is missing"
    sentence = "Send If-Match with the revision that you have seen."


class QuotaExceeded(ServiceError):
    """Too much, too fast or too big; retry_after says when, if waiting helps."""

    code = "quota_exceeded"
    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    http_status = 429
    title = "Limit reached"
    sentence = "A limit is reached. Slow down or send less."


class Internal(ServiceError):
    """A fault of ours. The cause is in our log, under the trace id."""


class Unavailable(ServiceError):
    """Not now; later may work."""

    code = "unavailable"
    status = grpc.StatusCode.UNAVAILABLE
    http_status = 503
    title = "Temporarily unavailable"
    sentence = "A part of the system is not available. Try again later."


class DeadlineExceeded(ServiceError):
    """It took longer than the caller would wait; whether it was done is unknown."""

    code = "deadline_exceeded"
    status = grpc.StatusCode.DEADLINE_EXCEEDED
    http_status = 504
    title = "Took too long"
    sentence = "It took too long. Try again later."


# The one table from a bare gRPC status (a proxy's, the C core's) to the family. Absent means Internal.
_BY_STATUS: dict[grpc.StatusCode, type[ServiceError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.OUT_OF_RANGE: InvalidArgument,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.RESOURCE_EXHAUSTED: QuotaExceeded,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def family(root: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    """Every member of the family below `root` that this process has loaded."""
    for kind in root.__subclasses__():
        yield kind
        yield from family(kind)


def named(error: BaseException) -> ServiceError:
    """The error itself when it is of the family, otherwise Internal with its fixed sentence."""
    return error if isinstance(error, ServiceError) else Internal()


def problem(error: ServiceError, trace_id: str) -> dict[str, object]:
    """RFC 9457 members; type is a path of our documentation. retry_after: whole seconds, only where waiting helps."""
    members: dict[str, object] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.http_status,
        "code": error.code,
        "detail": error.detail,
        "trace_id": trace_id,
    }
    if error.retry_after is not None:
        members["retry_after"] = math.ceil(error.retry_after)
    return members


def to_status(error: ServiceError) -> grpc.Status:
    """What goes on the wire: status, sentence, ErrorInfo with our code, RetryInfo where there is one."""
    status = Status(code=error.status.value[0], message=error.detail)
    status.details.append(_packed(ErrorInfo(reason=error.code, domain=DOMAIN)))
    if error.retry_after is not None:
        delay = Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        status.details.append(_packed(RetryInfo(retry_delay=delay)))
    return rpc_status.to_status(status)


def from_rpc(error: grpc.RpcError) -> ServiceError:
    """The error as the other process raised it; from anyone else, what its status means and our own sentence."""
    status = _rich_status(error)
    kind = None if status is None else _kind(status)
    if status is None or kind is None:
        return _BY_STATUS.get(_status_code(error), Internal)()
    detail = status.message if _SENTENCE.fullmatch(status.message) else None
    return kind(detail, retry_after=_retry_after(status))


def _packed(message: ErrorInfo | RetryInfo) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed


def _status_code(error: grpc.RpcError) -> grpc.StatusCode:
    if isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return error.code()
    return grpc.StatusCode.UNKNOWN


def _rich_status(error: grpc.RpcError) -> Status | None:
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return None
    try:
        return rpc_status.from_call(error)  # type: ignore[arg-type]  # AioRpcError has the three methods that it reads
    except (ValueError, DecodeError):  # it contradicts the plain status, or is garbage: then the plain status counts
        return None


def _kind(status: Status) -> type[ServiceError] | None:
    """The family member that the peer named, provided that it lives under the same gRPC status."""
    reason = next((info.reason for info in _details(status, ErrorInfo) if info.domain == DOMAIN), None)
    kinds = (kind for kind in family() if kind.code == reason and kind.status.value[0] == status.code)
    found = next(kinds, None)
    if reason is None or found is not None:
        return found
    return next((kind for code, kind in _BY_STATUS.items() if code.value[0] == status.code), Internal)


def _retry_after(status: Status) -> float | None:
    for info in _details(status, RetryInfo):
        seconds = info.retry_delay.ToMilliseconds() / 1000
        return seconds if 0 <= seconds <= MAX_RETRY_AFTER else None
    return None


def _details(status: Status, kind: type[_Detail]) -> Iterator[_Detail]:
    for packed in status.details:
        message = kind()
        if packed.Is(kind.DESCRIPTOR) and packed.Unpack(message):
            yield message
