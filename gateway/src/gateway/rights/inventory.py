"""Every table: how long its rows are kept, and whether they are in a person's export. Nothing is held outside of it.

tests/gateway/rights walk the schema: a table that is not here fails them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Kept(StrEnum):
    """How long. The first five end by a day's round (gateway.rights.retention), the others by what they say."""

    METADATA = "metadata"
    AUDIT_LOGS = "audit_logs"
    EXPIRY = "expiry"
    SPENDING = "spending"
    UNTIL_ERASED = "until_erased"
    FOR_EVER = "for_ever"


class Holding(NamedTuple):
    """`why`: of rows that outlive a person or a year. `withheld`: why an export is without them; None: they are in."""

    kept: Kept
    why: str | None = None
    withheld: str | None = None


_STATE: Final = "what the mailbox is sorted by today: it has no age, and goes with its owner"

INVENTORY: Final[Mapping[str, Holding]] = {
    "api_key": Holding(Kept.UNTIL_ERASED, "purged 30 days after its end when its owner makes another"),
    "api_key_scope": Holding(Kept.UNTIL_ERASED, "what an API key may do; goes with it"),
    "audit_cut": Holding(
        Kept.FOR_EVER, "proves each removal from the log: a number, a hash and a time", "about nobody"
    ),
    "audit_event": Holding(Kept.AUDIT_LOGS),
    "audit_head": Holding(Kept.FOR_EVER, "the last number of each log", "about nobody"),
    "correction": Holding(Kept.UNTIL_ERASED, _STATE),
    "correspondent": Holding(Kept.UNTIL_ERASED, "whom the owner wrote to, as keyed hashes; made anew at each scan"),
    "decision": Holding(Kept.METADATA),
    "denied_token": Holding(Kept.EXPIRY, withheld="an id of a token that lives for ten minutes"),
    "dismissal": Holding(Kept.UNTIL_ERASED, _STATE),
    "duty": Holding(Kept.FOR_EVER, "when recurring work was done last", "about nobody"),
    "exchange_code": Holding(Kept.EXPIRY, withheld="lives for a minute and would let its reader in"),
    "finding": Holding(Kept.METADATA),
    "folder": Holding(Kept.UNTIL_ERASED, _STATE),
    "journal_entry": Holding(Kept.METADATA),
    "keeping": Holding(Kept.UNTIL_ERASED, _STATE),
    "learned_message": Holding(Kept.UNTIL_ERASED, _STATE),
    "mailbox": Holding(Kept.UNTIL_ERASED, _STATE),
    "move_run": Holding(Kept.METADATA),
    "owner_word": Holding(Kept.UNTIL_ERASED, _STATE),
    "person": Holding(Kept.FOR_EVER, "an erased person's tombstone, an id and a time, which a restore has to replay"),
    "person_plan": Holding(Kept.UNTIL_ERASED, "what the person may use today"),
    "person_key": Holding(Kept.UNTIL_ERASED, "opens what is sealed for the person"),
    "profile": Holding(Kept.UNTIL_ERASED, _STATE),
    "protection": Holding(Kept.UNTIL_ERASED, _STATE),
    "provider_spending": Holding(Kept.SPENDING),
    "refresh_token": Holding(Kept.EXPIRY, withheld="hashes of random strings that end with their session"),
    "rule": Holding(Kept.UNTIL_ERASED, _STATE),
    "scan": Holding(Kept.METADATA),
    "scan_charge": Holding(Kept.SPENDING),
    "session": Holding(Kept.EXPIRY),
    "sign_in": Holding(Kept.EXPIRY, withheld="lives for ten minutes, and whose it is nobody knows yet"),
    "token_cache": Holding(Kept.UNTIL_ERASED, _STATE),
    "used_proof": Holding(Kept.EXPIRY, withheld="hashes of random strings that live for six minutes"),
}

# Columns that an export leaves out, and why.
WITHHELD: Final[Mapping[str, str]] = {
    "person_key.wrapped": "the key itself; it opens nothing but what is in this export",
    "token_cache.sealed": "Microsoft's tokens would let its reader into the mailbox",
    "api_key.secret_hash": "a hash of the key",
    "session.key_hash": "a hash of the browser's public key",
    "person.subject_index": "a keyed hash by which the person is found",
    "mailbox.subject_index": "a keyed hash by which the mailbox is found",
    "scan.cursor_sealed": "Microsoft's address of a scan's next page",
    "move_run.idempotency_hash": "a hash of a random string",
    "audit_event.person_mark": "the pseudonym of the person, the same in every row",
    "audit_event.mailbox_mark": "the pseudonym of the mailbox",
    "audit_event.hash": "the chain's; it is for who verifies the whole log",
    "audit_event.mac": "the same",
    "audit_event.key_id": "the same",
}
