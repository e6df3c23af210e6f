"""What a person may ask for about themselves: what is held, all of it, and its end.

The latter two need a recent sign-in.
"""

from typing import Final, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.api.context import Asking, ContextOf
from gateway.api.model import Answer, Body, Signed
from gateway.rights import export
from gateway.rights.erasure import Erasures
from gateway.rights.retention import Periods
from gateway.rights.statement import statements

ZIP: Final = "application/zip"
_HEADERS: Final = {
    "content-disposition": 'attachment; filename="mail-organiser-export.zip"',
    "cache-control": "no-store",
}


class ErasureRequest(Body):
    """The confirmation: the word, so that no slip erases anybody."""

    confirm: Literal["erase everything"]


class ReceiptAnswer(Answer):
    """The receipt. Keep it: `mail-organiser audit receipt` checks it. key_id, public_key, signature: Ed25519."""

    person_id: str
    unreadable_at: Signed
    irrecoverable_at: Signed
    rewritten: bool
    key_id: str
    public_key: str
    signature: str


class HeldAnswer(Answer):
    """Something that is held, in plain words; exported: whether `export` has it."""

    what: str
    why: str
    kept_for: str
    exported: bool


class HeldList(Answer):
    """All of it: nothing is held outside of this list."""

    items: list[HeldAnswer]


def router(erasures: Erasures, periods: Periods) -> APIRouter:
    """The routes. periods: how long the operator keeps what has an age."""
    routes = APIRouter(prefix="/api/v1/me", tags=["me"])

    @routes.get("/data", operation_id="list_held_data")
    async def list_held_data(_who: Asking) -> HeldList:
        """What is held about a person here, why, and for how long. The same for everybody; nobody's data is in it."""
        return HeldList(items=[HeldAnswer.model_validate(one) for one in statements(periods)])

    @routes.get(
        "/export",
        operation_id="export_everything",
        response_class=StreamingResponse,
        responses={200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    async def export_everything(who: Asking, context: ContextOf) -> StreamingResponse:
        """Everything that is held about the caller, as a zip of JSON and CSV with a manifest."""
        held = await export.begin(context, who)
        parts = export.stream(context.engine, context.vault, context.audit, held)
        return StreamingResponse(parts, media_type=ZIP, headers=_HEADERS)

    @routes.post("/erasure", operation_id="erase_everything")
    async def erase_everything(who: Asking, _wanted: ErasureRequest) -> ReceiptAnswer:
        """Erases the caller: key, mailboxes, decisions, sessions. What runs is stopped; nothing brings it back."""
        return ReceiptAnswer.model_validate(await erasures.erase(who))

    return routes
