"""The family, its problem document, and what a stranger's status is taken for."""

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from chassis import errors

FAMILY = {
    errors.InvalidArgument: 400,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.FailedPrecondition: 409,
    errors.PreconditionFailed: 412,
    errors.PreconditionRequired: 428,
    errors.QuotaExceeded: 429,
    errors.Internal: 500,
    errors.Unavailable: 503,
    errors.DeadlineExceeded: 504,
}


def _rpc_error(
    code: grpc.StatusCode,
    status: Status | None = None,
    details: str = "Re: Invoice",
    raw: bytes | None = None,
) -> grpc.aio.AioRpcError:
    trailing = status.SerializeToString() if status is not None else raw
    metadata = grpc.aio.Metadata() if trailing is None else grpc.aio.Metadata(("grpc-status-details-bin", trailing))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), metadata, details)


def _status(code: grpc.StatusCode, reason: str, *, domain: str = errors.DOMAIN, message: str = "Sentence.") -> Status:
    status = Status(code=code.value[0], message=message)
    status.details.add().Pack(ErrorInfo(reason=reason, domain=domain))
    return status


@pytest.mark.parametrize(("kind", "http_status"), FAMILY.items())
def test_each_error_is_a_complete_problem(kind: type[errors.ServiceError], http_status: int) -> None:
    """RFC 9457: type, title, status, detail, and our code and trace id; retry_after only where it was given."""
    assert errors.problem(kind(), "ab" * 16) == {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": http_status,
        "code": kind.code,
        "detail": kind.sentence,
        "trace_id": "ab" * 16,
    }


def test_the_table_of_the_family_is_complete() -> None:
    """Every direct member has its row above, and codes are unique."""
    direct = {kind for kind in errors.ServiceError.__subclasses__() if kind.__module__ == "chassis.errors"}
    assert direct == set(FAMILY)
    assert len({kind.code for kind in FAMILY}) == len(FAMILY)


def test_retry_after_is_rounded_up_in_a_problem() -> None:
    """Never earlier than the limit opens again."""
    assert errors.problem(errors.QuotaExceeded(retry_after=1.2), "0")["retry_after"] == 2


def test_an_exception_that_nobody_named_becomes_internal() -> None:
    """Its text stays behind; a named one stays as it is."""
    named = errors.named(ValueError("Re: Invoice"))
    assert (type(named), named.detail) == (errors.Internal, errors.Internal.sentence)
    gone = errors.NotFound()
    assert errors.named(gone) is gone


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.Unavailable),
        (grpc.StatusCode.CANCELLED, errors.Unavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.QuotaExceeded),
        (grpc.StatusCode.OUT_OF_RANGE, errors.InvalidArgument),
        (grpc.StatusCode.ALREADY_EXISTS, errors.Conflict),
        (grpc.StatusCode.UNIMPLEMENTED, errors.Internal),
        (grpc.StatusCode.DATA_LOSS, errors.Internal),
        (grpc.StatusCode.UNKNOWN, errors.Internal),
    ],
)
def test_a_bare_status_gets_our_own_sentence(code: grpc.StatusCode, kind: type[errors.ServiceError]) -> None:
    """The C core's and a proxy's words hold addresses: only the status counts."""
    error = errors.from_rpc(_rpc_error(code))
    assert (type(error), error.detail, error.retry_after) == (kind, kind.sentence, None)


def test_another_domain_s_reason_is_not_ours() -> None:
    """Somebody else's ErrorInfo names nothing here, and its sentence isn't repeated."""
    status = _status(grpc.StatusCode.NOT_FOUND, "precondition_failed", domain="googleapis.com", message="Re: Invoice")
    error = errors.from_rpc(_rpc_error(grpc.StatusCode.NOT_FOUND, status, "Re: Invoice"))
    assert (type(error), error.detail) == (errors.NotFound, errors.NotFound.sentence)


def test_a_reason_of_a_newer_peer_falls_back_on_its_status() -> None:
    """N and N-1 run together: a code that we don't know yet is still a NotFound."""
    status = _status(grpc.StatusCode.NOT_FOUND, "not_known_yet")
    assert type(errors.from_rpc(_rpc_error(grpc.StatusCode.NOT_FOUND, status, "Sentence."))) is errors.NotFound


def test_a_reason_under_a_foreign_status_is_not_believed() -> None:
    """quota_exceeded lives under RESOURCE_EXHAUSTED; under INTERNAL it is just Internal."""
    status = _status(grpc.StatusCode.INTERNAL, "quota_exceeded")
    assert type(errors.from_rpc(_rpc_error(grpc.StatusCode.INTERNAL, status, "Sentence."))) is errors.Internal


@pytest.mark.parametrize("message", ["two\nlines", "x" * 201, "caf\u00e9", ""])
def test_a_sentence_that_is_not_one_is_replaced(message: str) -> None:
    """What a peer says must look like our own sentences: short, printable ASCII, one line."""
    status = _status(grpc.StatusCode.NOT_FOUND, "not_found", message=message)
    assert errors.from_rpc(_rpc_error(grpc.StatusCode.NOT_FOUND, status, message)).detail == errors.NotFound.sentence


@pytest.mark.parametrize("raw", [b"\xff\xff garbage", b"\x08\x05"])
def test_garbled_details_fall_back_on_the_plain_status(raw: bytes) -> None:
    """Details that don't parse, or contradict the status beside them, are ignored."""
    error = errors.from_rpc(_rpc_error(grpc.StatusCode.UNAVAILABLE, raw=raw))
    assert type(error) is errors.Unavailable


@pytest.mark.parametrize("seconds", [-1, 86_401, 10**11])
def test_an_absurd_retry_after_is_dropped(seconds: int) -> None:
    """A peer can't make us wait for a year, or for less than nothing."""
    status = _status(grpc.StatusCode.UNAVAILABLE, "unavailable")
    retry = RetryInfo()
    retry.retry_delay.seconds = seconds
    status.details.add().Pack(retry)
    assert errors.from_rpc(_rpc_error(grpc.StatusCode.UNAVAILABLE, status, "Sentence.")).retry_after is None


def test_a_code_that_is_no_snake_case_does_not_become_a_class() -> None:
    """A code is part of a URL."""
    with pytest.raises(TypeError, match="snake_case"):
        type("Bad", (errors.ServiceError,), {"code": "Bad Code"})
