"""Who may call which route: the whole of it, on one screen. A route that is not here is refused to everybody.

A signed-in person may call every route, an API key those whose scope it has, anybody those that are OPEN. What is
behind a route - whose mailbox - is asked there (gateway.api.context). A test walks all routes of the application.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import ClassVar, Final

from fastapi import Request

from chassis.errors import PermissionDenied
from gateway.edge.tokens import principal
from gateway.identity.jwt import Principal
from gateway.store.codes import Scope


class Only(Enum):
    """Routes that no scope opens."""

    OPEN = auto()  # needs nobody
    PERSON = auto()  # the person signed in, and no program in their name


Needed = Scope | Only
_MAILBOX: Final = "/api/v1/mailboxes/{mailbox_id}"

ACCESS: Final[Mapping[tuple[str, str], Needed]] = {
    ("GET", "/"): Only.OPEN,
    ("GET", "/static/{path:path}"): Only.OPEN,
    ("POST", "/csp-reports"): Only.OPEN,
    ("GET", "/healthz"): Only.OPEN,
    ("GET", "/readyz"): Only.OPEN,
    ("GET", "/problems/{code}"): Only.OPEN,
    ("GET", "/.well-known/security.txt"): Only.OPEN,
    ("GET", "/.well-known/api-catalog"): Only.OPEN,
    ("GET", "/api/v1/status"): Only.OPEN,
    ("GET", "/api/v1/sub-processors"): Only.OPEN,
    ("POST", "/api/v1/session/sign-in"): Only.OPEN,
    ("POST", "/api/v1/session/callback"): Only.OPEN,
    ("POST", "/api/v1/session/exchange"): Only.OPEN,
    ("POST", "/api/v1/session/refresh"): Only.OPEN,
    ("DELETE", "/api/v1/session"): Only.PERSON,
    ("GET", "/api/v1/sessions"): Only.PERSON,
    ("DELETE", "/api/v1/sessions"): Only.PERSON,
    ("DELETE", "/api/v1/sessions/{session_id}"): Only.PERSON,
    ("POST", "/api/v1/mailboxes"): Only.PERSON,
    ("DELETE", _MAILBOX): Only.PERSON,
    ("POST", f"{_MAILBOX}/sign-in"): Only.PERSON,
    ("GET", "/api/v1/api-keys"): Only.PERSON,
    ("POST", "/api/v1/api-keys"): Only.PERSON,
    ("DELETE", "/api/v1/api-keys/{key_id}"): Only.PERSON,
    ("GET", "/api/v1/me/data"): Only.PERSON,
    ("GET", "/api/v1/me/export"): Only.PERSON,
    ("POST", "/api/v1/me/erasure"): Only.PERSON,
    ("GET", f"{_MAILBOX}/activity"): Only.PERSON,
    ("GET", "/api/v1/session"): Scope.READ,
    ("POST", "/api/v1/inspect"): Scope.SCAN,
    ("GET", "/api/v1/quota"): Scope.READ,
    ("GET", "/api/v1/starter-folders"): Scope.READ,
    ("GET", "/api/v1/mailboxes"): Scope.READ,
    ("GET", f"{_MAILBOX}/settings"): Scope.READ,
    ("GET", f"{_MAILBOX}/folders"): Scope.READ,
    ("POST", f"{_MAILBOX}/folders"): Scope.FOLDERS,
    ("PATCH", f"{_MAILBOX}/folders/{{folder_id}}"): Scope.FOLDERS,
    ("POST", f"{_MAILBOX}/folders/{{folder_id}}/trial"): Scope.SCAN,
    ("GET", f"{_MAILBOX}/learned"): Scope.READ,
    ("DELETE", f"{_MAILBOX}/learned"): Scope.RULES,
    ("DELETE", f"{_MAILBOX}/learned/folders/{{folder_id}}"): Scope.RULES,
    ("DELETE", f"{_MAILBOX}/learned/messages/{{decision_id}}"): Scope.RULES,
    ("GET", f"{_MAILBOX}/scans/estimate"): Scope.READ,
    ("GET", f"{_MAILBOX}/scans"): Scope.READ,
    ("POST", f"{_MAILBOX}/scans"): Scope.SCAN,
    ("GET", f"{_MAILBOX}/scans/{{scan_id}}"): Scope.READ,
    ("GET", f"{_MAILBOX}/scans/{{scan_id}}/events"): Scope.READ,
    ("POST", f"{_MAILBOX}/scans/{{scan_id}}/cancel"): Scope.SCAN,
    ("POST", f"{_MAILBOX}/scans/{{scan_id}}/pause"): Scope.SCAN,
    ("POST", f"{_MAILBOX}/scans/{{scan_id}}/resume"): Scope.SCAN,
    ("GET", f"{_MAILBOX}/scans/{{scan_id}}/decisions"): Scope.READ,
    ("PATCH", f"{_MAILBOX}/scans/{{scan_id}}/decisions"): Scope.MOVE,
    ("PATCH", f"{_MAILBOX}/scans/{{scan_id}}/decisions/{{decision_id}}"): Scope.MOVE,
    ("POST", f"{_MAILBOX}/scans/{{scan_id}}/decisions/{{decision_id}}/alike"): Scope.MOVE,
    ("POST", f"{_MAILBOX}/scans/{{scan_id}}/decisions/{{decision_id}}/release"): Scope.RULES,
    ("GET", f"{_MAILBOX}/corrections"): Scope.READ,
    ("POST", f"{_MAILBOX}/corrections"): Scope.RULES,
    ("DELETE", f"{_MAILBOX}/corrections/{{correction_id}}"): Scope.RULES,
    ("GET", f"{_MAILBOX}/rules"): Scope.READ,
    ("POST", f"{_MAILBOX}/rules"): Scope.RULES,
    ("PATCH", f"{_MAILBOX}/rules/{{rule_id}}"): Scope.RULES,
    ("DELETE", f"{_MAILBOX}/rules/{{rule_id}}"): Scope.RULES,
    ("GET", f"{_MAILBOX}/proposals"): Scope.READ,
    ("POST", f"{_MAILBOX}/proposals/{{proposal_id}}/accept"): Scope.RULES,
    ("POST", f"{_MAILBOX}/proposals/{{proposal_id}}/dismiss"): Scope.RULES,
    ("GET", f"{_MAILBOX}/protections"): Scope.READ,
    ("POST", f"{_MAILBOX}/protections"): Scope.RULES,
    ("DELETE", f"{_MAILBOX}/protections/{{protection_id}}"): Scope.RULES,
    ("GET", f"{_MAILBOX}/keeping"): Scope.READ,
    ("PATCH", f"{_MAILBOX}/keeping"): Scope.RULES,
    ("GET", f"{_MAILBOX}/moves"): Scope.READ,
    ("POST", f"{_MAILBOX}/moves"): Scope.MOVE,
    ("GET", f"{_MAILBOX}/moves/{{run_id}}"): Scope.READ,
    ("GET", f"{_MAILBOX}/moves/{{run_id}}/events"): Scope.READ,
    ("GET", f"{_MAILBOX}/moves/{{run_id}}/entries"): Scope.READ,
    ("POST", f"{_MAILBOX}/moves/{{run_id}}/cancel"): Scope.MOVE,
    ("POST", f"{_MAILBOX}/moves/{{run_id}}/pause"): Scope.MOVE,
    ("POST", f"{_MAILBOX}/moves/{{run_id}}/resume"): Scope.MOVE,
    ("POST", f"{_MAILBOX}/moves/{{run_id}}/undo"): Scope.MOVE,
}


class InsufficientScope(PermissionDenied):
    """An API key that may not do this."""

    code: ClassVar[str] = "insufficient_scope"
    title: ClassVar[str] = "Not allowed for this API key"
    sentence: ClassVar[str] = "No API key may do this. Sign in and do it yourself."


async def permitted(request: Request) -> None:
    """Stands before every route of the application."""
    needed = ACCESS.get((request.method, request.scope["route"].path))
    if needed is not Only.OPEN:
        check(needed, principal(request))


def check(needed: Needed | None, who: Principal) -> None:
    """PermissionDenied or InsufficientScope unless this caller may call a route that needs this."""
    if needed is None:
        raise PermissionDenied
    if who.key_id is not None and needed not in who.scopes:
        raise InsufficientScope(_wanting(needed))


def _wanting(needed: Needed) -> str | None:
    return f"This needs an API key with the scope {needed.value}." if isinstance(needed, Scope) else None
