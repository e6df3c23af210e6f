"""Whom the owner wrote to: the addressees of the newest Sent Items, kept as hashes and asked for by hash."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from gateway.graph.message import Message
from gateway.organise import keeping
from gateway.organise.context import Context
from gateway.organise.rules.address import address
from gateway.store import correspondents, mailboxes
from gateway.vault.vault import Vault

NEWEST: Final = 1000  # sent messages that are looked at: Graph's largest page
_KIND: Final = "correspondent"


async def refresh(context: Context, mailbox_id: str) -> None:
    """Reads to whom the newest sent messages went, if that keeps anything; those before are forgotten."""
    if not (await context.read(lambda connection: keeping.of_mailbox(connection, mailbox_id))).replied_to:
        return
    sent = await context.graph(mailbox_id).reader.written_to(NEWEST)
    forms = [form for recipients in sent for one in recipients if (form := _form(one)) is not None]
    wanted = list(dict.fromkeys(forms))[: correspondents.MOST]
    await context.write(
        lambda connection: correspondents.replace(
            connection, mailbox_id, _hashes(connection, context.vault, mailbox_id, wanted)
        )
    )


def among(connection: Connection, vault: Vault, mailbox_id: str, messages: Sequence[Message]) -> list[bool]:
    """For each of a page's messages, in order: whether the owner wrote to its sender."""
    forms = [_form(message.sender_address) for message in messages]
    asked = list({form for form in forms if form is not None})
    hashes = dict(zip(asked, _hashes(connection, vault, mailbox_id, asked), strict=True))
    known = correspondents.among(connection, mailbox_id, hashes.values())
    return [form is not None and hashes[form] in known for form in forms]


def _form(text: str | None) -> str | None:
    found = address(text)
    return None if found is None else found.text


def _hashes(connection: Connection, vault: Vault, mailbox_id: str, forms: Sequence[str]) -> list[bytes]:
    person = mailboxes.get(connection, mailbox_id).person_id
    return vault.mark_hashes(connection, person, mailbox_id, [(_KIND, form) for form in forms])
