"""By what an owner's words about single messages are grouped: keyed hashes of sender, list and organisation."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from gateway.graph.message import Message
from gateway.organise.rules.matcher import Matcher, form, matchers
from gateway.store import mailboxes
from gateway.store.codes import MatcherKind
from gateway.vault.vault import Vault


class Groups(NamedTuple):
    """Of one message; None where it is of no list or organisation that a rule could name."""

    sender_hash: bytes
    list_hash: bytes | None
    organisation_hash: bytes | None

    def of(self, kind: MatcherKind) -> bytes | None:
        """The hash of this kind."""
        return (self.sender_hash, self.list_hash, self.organisation_hash)[list(MatcherKind).index(kind)]


def hashes(connection: Connection, vault: Vault, mailbox_id: str, asked: Sequence[Matcher]) -> list[bytes]:
    """Matchers as keyed hashes (32 bytes each), in order; another mailbox has others."""
    person = mailboxes.get(connection, mailbox_id).person_id
    forms = [form(one) for one in asked]
    return vault.mark_hashes(connection, person, mailbox_id, [(f"rule.{kind}", text) for kind, text in forms])


def groups(connection: Connection, vault: Vault, mailbox_id: str, messages: Sequence[Message]) -> list[Groups]:
    """Of each message, in order."""
    person = mailboxes.get(connection, mailbox_id).person_id
    senders = vault.sender_hashes(connection, person, [message.sender_address or "" for message in messages])
    found = [matchers(message) for message in messages]
    flat = [one for own in found for one in own]
    known = dict(zip(flat, hashes(connection, vault, mailbox_id, flat), strict=True))
    return [Groups(sender, *_wider(own, known)) for sender, own in zip(senders, found, strict=True)]


def _wider(own: Sequence[Matcher], known: dict[Matcher, bytes]) -> tuple[bytes | None, bytes | None]:
    by_kind = {form(one)[0]: known[one] for one in own}
    return by_kind.get(MatcherKind.LIST), by_kind.get(MatcherKind.ORGANISATION)
