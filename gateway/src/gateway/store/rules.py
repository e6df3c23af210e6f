"""Rules: whose mail goes where, sealed, one for each matcher, at most MOST a mailbox however many write at once."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.store import mailboxes
from gateway.store.codes import MatcherKind
from gateway.store.errors import Duplicate, RowAbsent, TooMany
from gateway.store.tables import rule

MOST = 500  # of one mailbox; all of them are opened for each page of a scan


class Rule(NamedTuple):
    """`keyed_hash` is of the matcher, under the owner's key (Vault.mark_hashes); `sealed` is its text."""

    id: str
    mailbox_id: str
    kind: MatcherKind
    keyed_hash: bytes
    sealed: bytes
    folder_id: str
    created_at: int


def add(connection: Connection, new: Rule) -> Rule:
    """The rule as it is kept: `new`, or the one that says the same already.

    Raises Duplicate when one for this matcher names another folder, TooMany.
    """
    mailboxes.lock(connection, new.mailbox_id)
    kept = by_hash(connection, new.mailbox_id, new.keyed_hash)
    if kept is not None and kept.folder_id != new.folder_id:
        raise Duplicate("there is a rule for this matcher already")
    if kept is not None:
        return kept
    count = select(func.count()).select_from(rule).where(rule.c.mailbox_id == new.mailbox_id)
    if connection.execute(count).scalar_one() >= MOST:
        raise TooMany("this mailbox has as many rules as are kept")
    connection.execute(insert(rule), new._asdict())
    return new


def of_mailbox(connection: Connection, mailbox_id: str) -> list[Rule]:
    """A mailbox's rules, oldest first."""
    query = select(rule).where(rule.c.mailbox_id == mailbox_id).order_by(rule.c.created_at, rule.c.id)
    return [Rule(**row._asdict()) for row in connection.execute(query)]


def by_hash(connection: Connection, mailbox_id: str, keyed_hash: bytes) -> Rule | None:
    """The rule for a matcher, if there is one."""
    mine = (rule.c.mailbox_id == mailbox_id) & (rule.c.keyed_hash == keyed_hash)
    row = connection.execute(select(rule).where(mine)).one_or_none()
    return None if row is None else Rule(**row._asdict())


def point(connection: Connection, mailbox_id: str, rule_id: str, folder_id: str) -> Rule:
    """From now on the rule names this folder. Raises RowAbsent."""
    mine = (rule.c.id == rule_id) & (rule.c.mailbox_id == mailbox_id)
    if connection.execute(update(rule).where(mine).values(folder_id=folder_id)).rowcount != 1:
        raise RowAbsent("no such rule")
    return Rule(**connection.execute(select(rule).where(mine)).one()._asdict())


def remove(connection: Connection, mailbox_id: str, rule_id: str) -> None:
    """Forget one. Raises RowAbsent."""
    gone = delete(rule).where(rule.c.id == rule_id, rule.c.mailbox_id == mailbox_id)
    if connection.execute(gone).rowcount != 1:
        raise RowAbsent("no such rule")
