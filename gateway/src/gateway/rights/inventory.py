"""Every table: what it holds and why, how long, and whether it is in a person's export. Nothing is held outside of it.

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
    """`what` is held and `why`, in words for whom it is about.

    `endless`: of rows that outlive a person or a year, why. `withheld`: why an export is without them; None: they are
    in it.
    """

    kept: Kept
    what: str
    why: str
    endless: str | None = None
    withheld: str | None = None


NOBODY: Final = "about nobody"
_STATE: Final = "what the mailbox is sorted by today: it has no age, and goes with its owner"

INVENTORY: Final[Mapping[str, Holding]] = {
    "api_key": Holding(
        Kept.UNTIL_ERASED,
        "The API keys that you made: their names, encrypted, what they may do, their times, and a hash of each",
        "programs come in with them",
        "purged 30 days after its end when its owner makes another",
    ),
    "api_key_scope": Holding(
        Kept.UNTIL_ERASED,
        "What each API key may do",
        "a key opens that and nothing else",
        "what an API key may do; goes with it",
    ),
    "audit_cut": Holding(
        Kept.FOR_EVER,
        "What was removed from the log: a number, a hash and a time",
        "it proves each removal",
        "proves each removal from the log",
        withheld=NOBODY,
    ),
    "audit_event": Holding(
        Kept.AUDIT_LOGS,
        "What was done for you and who came in as you: codes, times, pseudonyms and a mark of the network",
        "somebody may ask later who did it",
    ),
    "audit_head": Holding(
        Kept.FOR_EVER,
        "The last number of each log",
        "an end that was cut off is noticed",
        "the last number of each log",
        withheld=NOBODY,
    ),
    "correction": Holding(
        Kept.UNTIL_ERASED,
        "What you said is no attack, as a hash of which nothing can be read",
        "mail like it is not held again",
        _STATE,
    ),
    "correspondent": Holding(
        Kept.UNTIL_ERASED,
        "Whom you wrote to, as hashes of which nothing can be read",
        "mail of people whom you answer can stay",
        "whom the owner wrote to, as keyed hashes; made anew at each scan",
    ),
    "decision": Holding(
        Kept.METADATA,
        "What was proposed for each message: its id, a folder, how sure and why, and hashes of its sender",
        "you see, change and approve it",
    ),
    "denied_token": Holding(
        Kept.EXPIRY,
        "Ids of access tokens that ended before their time",
        "nobody comes in with one of them",
        withheld="an id of a token that lives for ten minutes",
    ),
    "dismissal": Holding(
        Kept.UNTIL_ERASED,
        "Proposals of rules that you don't want to see again, as hashes",
        "they are not shown again",
        _STATE,
    ),
    "duty": Holding(
        Kept.FOR_EVER,
        "When recurring work was done last",
        "it is done once",
        "when recurring work was done last",
        withheld=NOBODY,
    ),
    "exchange_code": Holding(
        Kept.EXPIRY,
        "A hash of the code that ends a sign-in",
        "the page gets its session with it, once",
        withheld="lives for a minute and would let its reader in",
    ),
    "finding": Holding(
        Kept.METADATA,
        "Where in a message an attack was found: a technique, a field, two positions, and no text",
        "you see why it was held",
    ),
    "folder": Holding(
        Kept.UNTIL_ERASED,
        "Your folders: their ids, their names and descriptions, encrypted, and which you chose",
        "mail goes into those and no other",
        _STATE,
    ),
    "incident_entry": Holding(
        Kept.FOR_EVER,
        "The register of incidents, encrypted; whoever a breach touched is in it as a pseudonym",
        "the law wants every breach written down (Art 33(5) GDPR)",
        "a pseudonym that nobody can tell whose it is once you are erased",
        withheld="what operators wrote of an incident; who was touched is told what happened",
    ),
    "journal_entry": Holding(
        Kept.METADATA,
        "Each move: the message's id, from where, to where, and what came of it",
        "it happens once and can be undone",
    ),
    "keeping": Holding(
        Kept.UNTIL_ERASED,
        "What you want to stay by itself: answered, flagged or new mail",
        "it stays",
        _STATE,
    ),
    "learned_message": Holding(
        Kept.UNTIL_ERASED,
        "Ids of messages that were learned from, and their folders",
        "none is learned twice, and each can be forgotten",
        _STATE,
    ),
    "mailbox": Holding(
        Kept.UNTIL_ERASED,
        "The mailboxes that you connected: their addresses, encrypted, a hash by which each is found, and a time",
        "all else belongs to one of them",
        _STATE,
    ),
    "move_run": Holding(
        Kept.METADATA,
        "The runs of moves that you approved: their times, states and numbers",
        "you follow them and take them back",
    ),
    "owner_word": Holding(
        Kept.UNTIL_ERASED,
        "Where you said that a message belongs: ids, a time, and hashes of its sender",
        "rules are proposed from what you decide again and again",
        _STATE,
    ),
    "person": Holding(
        Kept.FOR_EVER,
        "That you are somebody here: an id, a hash of who Microsoft says you are, and a time",
        "you are known when you come back",
        "after an erasure an id and two times stay, so that a restored backup forgets you again",
    ),
    "person_plan": Holding(
        Kept.UNTIL_ERASED,
        "The plan that an operator gave you, and since when",
        "it says how much you may use",
        "what the person may use today",
    ),
    "person_key": Holding(
        Kept.UNTIL_ERASED,
        "Your own key, wrapped",
        "it opens what is encrypted for you, and destroying it ends that for ever",
        "opens what is sealed for the person",
    ),
    "profile": Holding(
        Kept.UNTIL_ERASED,
        "What was learned from how you file mail, encrypted",
        "new mail is filed as you would file it",
        _STATE,
    ),
    "protection": Holding(
        Kept.UNTIL_ERASED,
        "Whose mail and which folders must stay as they are, encrypted",
        "they stay",
        _STATE,
    ),
    "provider_spending": Holding(
        Kept.SPENDING,
        "What asking an AI provider cost for you on each day",
        "a day's limit holds",
    ),
    "refresh_token": Holding(
        Kept.EXPIRY,
        "Hashes of what renews your sessions",
        "each renews once, and a stolen one is noticed",
        withheld="hashes of random strings that end with their session",
    ),
    "rule": Holding(
        Kept.UNTIL_ERASED,
        "Your rules: whose mail, encrypted, and which folder",
        "they are followed before anything is guessed",
        _STATE,
    ),
    "scan": Holding(
        Kept.METADATA,
        "The scans that you asked for: which folder, their times, states and numbers",
        "you follow them, and one that was interrupted goes on",
    ),
    "scan_charge": Holding(
        Kept.SPENDING,
        "How many scans you began in a month",
        "a plan's limit holds",
    ),
    "session": Holding(
        Kept.EXPIRY,
        "Your sessions: when each began, was used last, and ends. No browser and no address",
        "you stay signed in, and can end each",
    ),
    "sign_in": Holding(
        Kept.EXPIRY,
        "A sign-in on its way to Microsoft and back, encrypted for the browser that began it",
        "nobody else can finish it",
        withheld="lives for ten minutes, and whose it is nobody knows yet",
    ),
    "token_cache": Holding(
        Kept.UNTIL_ERASED,
        "Microsoft's tokens for your mailbox, encrypted, and which permissions they have",
        "your mailbox is reached with them",
        _STATE,
    ),
    "used_proof": Holding(
        Kept.EXPIRY,
        "Hashes of the proofs that renewed your sessions",
        "each proof works once",
        withheld="hashes of random strings that live for six minutes",
    ),
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
