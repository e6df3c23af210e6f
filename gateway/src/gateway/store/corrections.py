"""What an owner said is no attack: a keyed hash for each sender or text that is remembered, at most MOST a mailbox."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from gateway.store import mailboxes
from gateway.store.codes import CorrectionKind
from gateway.store.errors import RowAbsent, TooMany
from gateway.store.tables import correction

MOST = 1000  # of one mailbox; whoever needs more has a sentinel that is set wrongly


class Correction(NamedTuple):
    """`keyed_hash` is of the exact form, made under the owner's key for this mailbox and kind (Vault.mark_hashes)."""

    id: str
    mailbox_id: str
    kind: CorrectionKind
    keyed_hash: bytes
    created_at: int


def keep(connection: Connection, new: Correction) -> Correction:
    """The correction as it is kept: `new`, or the one that says the same already. Raises TooMany."""
    mailboxes.lock(connection, new.mailbox_id)
    kept = of_mailbox(connection, new.mailbox_id)
    for one in kept:
        if (one.kind, one.keyed_hash) == (new.kind, new.keyed_hash):
            return one
    if len(kept) >= MOST:
        raise TooMany("this mailbox has as many corrections as are kept")
    connection.execute(insert(correction), new._asdict())
    return new


def of_mailbox(connection: Connection, mailbox_id: str) -> list[Correction]:
    """A mailbox's corrections, oldest first."""
    query = select(correction).where(correction.c.mailbox_id == mailbox_id)
    rows = connection.execute(query.order_by(correction.c.created_at, correction.c.id))
    return [Correction(**row._asdict()) for row in rows]


def remove(connection: Connection, mailbox_id: str, correction_id: str) -> None:
    """Forget one. Raises RowAbsent."""
    gone = delete(correction).where(correction.c.id == correction_id, correction.c.mailbox_id == mailbox_id)
    if connection.execute(gone).rowcount != 1:
        raise RowAbsent("no such correction")
