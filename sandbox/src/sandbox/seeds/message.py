"""From the head of a message to a seed.

Guarantees: total: any bytes give a SeedMessage, a Refusal or a LeftOut, and never an exception. Drops the body.
"""

from collections.abc import Iterator, Mapping

from sandbox.seed_message import SeedMessage, SeedRecipient
from sandbox.seeds import folder, header
from sandbox.seeds.address import Address, addresses
from sandbox.seeds.header_text import decode, shown
from sandbox.seeds.mbox import Head
from sandbox.seeds.reading import LeftOut, Outcome, Refusal
from sandbox.seeds.received import received_at

_NOBODY = Address("", "")


def seed(head: Head, filed_in: str | None) -> Outcome:
    """What the head of a message is. Its own labels, where an export wrote some, say more than where it lay."""
    raw = header.fields(head.text)
    if raw is None:
        return Refusal.NO_HEADERS if head.text.strip() else Refusal.EMPTY
    fields = {name: decode(value) for name, value in raw.items()}
    labels = fields.get(b"x-gmail-labels")
    place = filed_in if labels is None else folder.of_labels(labels)
    if isinstance(place, LeftOut):
        return place
    return _message(fields, place, head.delivered)


def _message(fields: Mapping[bytes, str], place: str | None, delivered: str) -> SeedMessage:
    sender = _sender(fields)
    list_id = shown(fields.get(b"list-id", ""))
    message_id = shown(fields.get(b"message-id", ""))
    return SeedMessage(
        folder=place,
        subject=shown(fields.get(b"subject", "")),
        sender_name=sender.name,
        sender_address=sender.address,
        received_at=received_at(_dates(fields, delivered)),
        recipients=tuple(SeedRecipient(name=name, address=address) for name, address in _recipients(fields)),
        list_id=list_id or None,
        internet_message_id=message_id or None,
    )


def _sender(fields: Mapping[bytes, str]) -> Address:
    return next((who for name in (b"from", b"sender") for who in addresses(fields.get(name, ""))), _NOBODY)


def _recipients(fields: Mapping[bytes, str]) -> Iterator[Address]:
    return (who for name in (b"to", b"cc") for who in addresses(fields.get(name, "")) if who.address)


def _dates(fields: Mapping[bytes, str], delivered: str) -> Iterator[str]:
    yield fields.get(b"date", "")
    yield fields.get(b"received", "").rpartition(";")[2]
    yield delivered
