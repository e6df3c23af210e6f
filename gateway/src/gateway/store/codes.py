"""The closed vocabularies of the code columns; the database refuses anything else (CHECK constraints)."""

from enum import StrEnum
from typing import Final


class WorkState(StrEnum):
    """Where a scan or a move run stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES: Final = (WorkState.QUEUED, WorkState.RUNNING)
FINAL_STATES: Final = frozenset(WorkState) - set(OPEN_STATES)


class Progress(StrEnum):
    """Where it stands as its owner is told: a WorkState, or paused whatever it was doing."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def of(cls, state: WorkState, paused_at: int | None) -> "Progress":
        """What has ended is not paused."""
        return cls.PAUSED if paused_at is not None and state in OPEN_STATES else cls(state.value)


class DecisionKind(StrEnum):
    """What is to happen to a message: only MOVE ever leads to a move."""

    MOVE = "move"
    KEEP = "keep"
    REVIEW = "review"
    HOLD = "hold"


class DecidedBy(StrEnum):
    """Who had the last word on a message."""

    ENGINE = "engine"
    OWNER = "owner"


class CorrectionKind(StrEnum):
    """By what an owner's correction knows a message again."""

    SENDER = "sender"
    TEXT = "text"


class Scope(StrEnum):
    """What an API key may be allowed to do; none includes another. gateway.api.access says which route needs which.

    read: see folders, scans, previews and journals. folders: choose where mail may be filed, adopt starter folders.
    scan: look at a folder; nothing moves. rules: say what is no attack, whose mail goes where or stays, and what
    is to be forgotten. move: change a preview, carry it out, take it back.
    """

    READ = "read"
    FOLDERS = "folders"
    SCAN = "scan"
    RULES = "rules"
    MOVE = "move"


class MatcherKind(StrEnum):
    """By what a rule or a protection knows mail, the narrowest first."""

    SENDER = "sender"
    LIST = "list"
    ORGANISATION = "organisation"


class ProtectionKind(StrEnum):
    """What is protected: mail of a MatcherKind, or a folder."""

    SENDER = "sender"
    LIST = "list"
    ORGANISATION = "organisation"
    FOLDER = "folder"


class RunKind(StrEnum):
    """Whether a move run carries out a scan's decisions or takes an earlier run back."""

    APPLY = "apply"
    UNDO = "undo"


class EntryState(StrEnum):
    """Where one journalled move stands. INTENDED is written before Graph is called; the last four are final."""

    PLANNED = "planned"
    INTENDED = "intended"
    MOVED = "moved"
    SKIPPED = "skipped"
    GONE = "gone"
    FAILED = "failed"


class Access(StrEnum):
    """What the owner let us do with a mailbox: only look at it, or move mail in it as well."""

    PREVIEW = "preview"
    FULL = "full"


class Need(StrEnum):
    """Why a mailbox waits for its owner to sign in with Microsoft again."""

    REVOKED = "revoked"
    CONSENT_REVOKED = "consent_revoked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a reason's name, no secret
    EXPIRED = "expired"
    MORE_PROOF = "more_proof"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    ACCOUNT_BLOCKED = "account_blocked"
    CLAIMS_CHALLENGE = "claims_challenge"
    SCOPES_MISSING = "scopes_missing"
    SCOPES_TOO_WIDE = "scopes_too_wide"
    DISCONNECTED = "disconnected"
