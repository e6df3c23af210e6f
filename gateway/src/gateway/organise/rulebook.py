"""A mailbox's rules and protections, opened and sealed. Their texts are addresses, lists and domains: personal data."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from chassis.errors import InvalidArgument
from gateway.organise import keeping
from gateway.organise.choice import FolderKey
from gateway.organise.rules.matcher import Matcher, kept, written
from gateway.organise.rules.protection import Protection, Protections
from gateway.organise.rules.rule import Rule, Rules
from gateway.store import mailboxes, protections, rules
from gateway.store.codes import MatcherKind
from gateway.vault.vault import Cell, Vault

_UNUSABLE: Final = {
    MatcherKind.SENDER: "this is no plain address like name@example.com; a rule can't be made of it",
    MatcherKind.LIST: "this is no list identifier like news.example.com; a rule can't be made of it",
    MatcherKind.ORGANISATION: (
        "this is not one organisation's own domain like example.com: a rule can't be made of a part of one, of a public"
        " suffix, or of a provider where anybody has a mailbox"
    ),
}


def matcher(kind: MatcherKind, text: str) -> Matcher:
    """What an owner wrote, as a matcher. Raises InvalidArgument with what is wrong about this kind of text."""
    found = written(kind, text)
    if found is None:
        raise InvalidArgument(_UNUSABLE[kind])
    return found


def seal(connection: Connection, vault: Vault, mailbox_id: str, cell: Cell, text: str) -> bytes:
    """The text of a rule or protection, under the key of the mailbox's owner."""
    return vault.seal(connection, mailboxes.get(connection, mailbox_id).person_id, cell, text.encode())


def opened_rule(connection: Connection, vault: Vault, row: rules.Rule) -> Rule:
    """A rule with its text."""
    return Rule(row.id, _matcher(connection, vault, Cell("rule", row.id, "sealed"), row), FolderKey(row.folder_id))


def opened_protection(connection: Connection, vault: Vault, row: protections.Protection) -> Protection:
    """A protection with its text, or with its folder."""
    if row.folder_id is not None:
        return Protection(row.id, FolderKey(row.folder_id))
    return Protection(row.id, _matcher(connection, vault, Cell("protection", row.id, "sealed"), row))


def load(
    connection: Connection, vault: Vault, mailbox_id: str, targets: Sequence[FolderKey]
) -> tuple[Rules, Protections]:
    """All that evaluation needs of a mailbox."""
    own = [opened_rule(connection, vault, row) for row in rules.of_mailbox(connection, mailbox_id)]
    held = [opened_protection(connection, vault, row) for row in protections.of_mailbox(connection, mailbox_id)]
    return Rules.of(own, targets), Protections.of(held, keeping.of_mailbox(connection, mailbox_id))


def _matcher(connection: Connection, vault: Vault, cell: Cell, row: rules.Rule | protections.Protection) -> Matcher:
    person = mailboxes.get(connection, row.mailbox_id).person_id
    return kept(MatcherKind(row.kind), vault.open(connection, person, cell, row.sealed or b"").decode())
