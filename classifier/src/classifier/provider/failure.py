"""Why a request to an endpoint came to nothing. Carries no text of it."""

from enum import Enum


class Kind(Enum):
    """A closed set: these words are logged and counted."""

    THROTTLED = "throttled"
    BROKEN = "broken"  # 5xx, or a connection that ended before an answer
    UNREACHABLE = "unreachable"  # no connection: nothing was sent
    LATE = "late"
    TOO_LARGE = "too_large"
    DENIED = "denied"  # 4xx and redirects: asking again won't help


FREE = frozenset({Kind.THROTTLED, Kind.UNREACHABLE, Kind.DENIED})  # turned away before any work was done
WORTH_A_RETRY = frozenset({Kind.THROTTLED, Kind.BROKEN, Kind.UNREACHABLE})


class AskFailed(Exception):
    """kind, and what the endpoint asked us to wait in seconds."""

    def __init__(self, kind: Kind, retry_after: float | None = None) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.retry_after = retry_after
