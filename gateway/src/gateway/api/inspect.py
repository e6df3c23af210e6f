"""POST /api/v1/inspect: sentinel's verdict over texts that a program brings, for those that sort mail themselves."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.api.fast import FastRoute
from gateway.identity.jwt import Principal
from gateway.organise.inspector import Inspector
from gateway.organise.verdict import Verdict
from mail_organiser.columns import MessageText

MAX_MESSAGES: Final = 100  # in one request
MAX_TEXT: Final = 4096  # characters of one field; Exchange cuts a subject at 255

Text = Annotated[str, Meta(max_length=MAX_TEXT)]


class InspectMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be inspected of one message. null: there is no such field."""

    subject: Text | None = None
    sender_name: Text | None = None
    sender_address: Text | None = None
    list_id: Text | None = None


class InspectRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages, in order."""

    messages: Annotated[tuple[InspectMessage, ...], Meta(min_length=1, max_length=MAX_MESSAGES)]


class InspectAnswer(msgspec.Struct, frozen=True):
    """A verdict for each message, in order."""

    items: tuple[Verdict, ...]


def route(inspector: Inspector) -> FastRoute:
    """The route, over this inspector."""

    async def inspect(_: Principal, asked: InspectRequest) -> InspectAnswer:
        texts = [MessageText(one.subject, one.sender_name, one.sender_address, one.list_id) for one in asked.messages]
        return InspectAnswer(tuple(await inspector.inspect(texts)))

    return FastRoute(
        method="POST",
        path="/api/v1/inspect",
        operation_id="inspect_messages",
        tag="inspect",
        summary="Inspect",
        description="Sentinel's verdict over messages that the caller brings. Nothing is kept, nothing moves.",
        body=InspectRequest,
        answer=InspectAnswer,
        handler=inspect,
    )
