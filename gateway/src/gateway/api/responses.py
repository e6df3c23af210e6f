"""Which errors an operation may answer with, derived from what it takes: pure, and true of the running gateway.

Guarantees: an operation's description names every status that it can end with, so a client can be generated that
knows them all; what is not named here, schemathesis finds (make test-long). No route lists its errors by hand.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from chassis import errors
from chassis.errors import ServiceError, problem
from gateway.api.access import InsufficientScope
from gateway.audit.trail import AuditUnavailable
from gateway.edge import problems
from gateway.edge.problems import CONTENT_TYPE
from gateway.identity.dpop import InvalidProof
from gateway.identity.needs_sign_in import NeedsConsent, NeedsSignIn
from gateway.identity.recent import RecentSignInNeeded
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.organise.trial import DescriptionRefused

Kinds = tuple[type[ServiceError], ...]

TRACE_ID: Final = "4bf92f3577b34da6a3ce929d0e0e4736"  # of the examples; W3C Trace Context's own
RETRY_AFTER_S: Final = 30  # of the examples

EVERYWHERE: Final[Kinds] = (errors.InvalidArgument, errors.QuotaExceeded, errors.Internal, errors.Unavailable)
RECORDED: Final[Kinds] = (AuditUnavailable,)
WITH_A_TOKEN: Final[Kinds] = (errors.Unauthenticated, errors.PermissionDenied, InsufficientScope)
REFRESHING: Final[Kinds] = (errors.Unauthenticated, errors.PermissionDenied, errors.Conflict)
MAKING_A_KEY: Final[Kinds] = (errors.NotFound, errors.FailedPrecondition, NeedsSignIn)
WITH_A_BODY: Final[Kinds] = (
    problems.RequestTimeout,
    problems.PayloadTooLarge,
    problems.UnsupportedMediaType,
)
WITH_FIELDS: Final[Kinds] = (problems.InvalidFields,)
IN_A_MAILBOX: Final[Kinds] = (
    errors.NotFound,
    errors.Conflict,
    errors.FailedPrecondition,
    NeedsSignIn,
    errors.DeadlineExceeded,
)
WITH_A_REVISION: Final[Kinds] = (errors.PreconditionFailed, errors.PreconditionRequired)
WITH_A_KEY: Final[Kinds] = (errors.PreconditionRequired, NeedsConsent)
OF_ONESELF: Final[Kinds] = (RecentSignInNeeded, AuditUnavailable)
SIGNING_IN: Final[Kinds] = (SignInRefused,)
OF_A_DESCRIPTION: Final[Kinds] = (DescriptionRefused,)
OF_SENTINEL: Final[Kinds] = (errors.DeadlineExceeded,)


def refusals(path: str, operation: dict[str, Any], *, is_open: bool) -> list[type[ServiceError]]:
    """The errors of one operation, each once, in the order of their status. `operation` as OpenAPI has it."""
    found = {*EVERYWHERE, *_of_door(path, is_open=is_open), *_of_input(operation)}
    return sorted(found, key=lambda kind: (kind.http_status, kind.code))


def documented(kinds: Iterable[type[ServiceError]]) -> dict[str, Any]:
    """OpenAPI responses by status, which refer to one example for each code of that status."""
    responses: dict[str, Any] = {}
    for kind in kinds:
        answer = responses.setdefault(str(kind.http_status), _response(kind))
        answer["content"][CONTENT_TYPE.decode()]["examples"][kind.code] = {"$ref": f"#/components/examples/{kind.code}"}
    return responses


def shown(kinds: Iterable[type[ServiceError]]) -> dict[str, Any]:
    """OpenAPI examples by code: a problem of each kind."""
    return {kind.code: {"value": _example(kind)} for kind in sorted(kinds, key=lambda kind: kind.code)}


def _of_door(path: str, *, is_open: bool) -> Iterator[type[ServiceError]]:
    if not is_open:
        yield from WITH_A_TOKEN
    if "{" in path:
        yield from IN_A_MAILBOX
    if path in {"/api/v1/me/export", "/api/v1/me/erasure"}:
        yield from OF_ONESELF
    if path.startswith("/api/v1/session"):
        yield from SIGNING_IN
    if path.endswith("/session/refresh"):
        yield from REFRESHING
    if path.endswith("/trial"):
        yield from OF_A_DESCRIPTION
    if path.endswith("/api-keys"):
        yield from MAKING_A_KEY
    if path == "/api/v1/inspect":
        yield from OF_SENTINEL


def _of_input(operation: dict[str, Any]) -> Iterator[type[ServiceError]]:
    names = {parameter["name"].lower() for parameter in operation.get("parameters", ())}
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        yield from (*WITH_A_BODY, *RECORDED)
    if names or "application/json" in body:
        yield from WITH_FIELDS
    if "if-match" in names:
        yield from WITH_A_REVISION
    if "idempotency-key" in names:
        yield from WITH_A_KEY
    if "dpop" in names:
        yield InvalidProof


def _response(kind: type[ServiceError]) -> dict[str, Any]:
    content = {CONTENT_TYPE.decode(): {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}}
    return {"description": f"{kind.title}.", "content": content}


def _example(kind: type[ServiceError]) -> dict[str, object]:
    waits = kind in {errors.QuotaExceeded, errors.Unavailable}
    retry_after = RETRY_AFTER_S if waits else None
    made = SignInRefused(SignInReason.STATE_UNKNOWN) if kind is SignInRefused else kind(retry_after=retry_after)
    members = problem(made, TRACE_ID)
    return {**members, "errors": [{"pointer": "/limit", "code": "int_parsing"}]} if _has_pointers(kind) else members


def _has_pointers(kind: type[ServiceError]) -> bool:
    return kind is problems.InvalidFields
