"""One line of a preview: a message, what was decided and why. The shape of --format json and jsonl."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why sentinel was suspicious. start and end are code points of the field."""

    technique: str
    field: str
    start: int
    end: int
    weight: float
    rule_id: str


@dataclass(frozen=True, slots=True)
class SortedMessage:
    """decision is move, keep, review or held; folder is where it goes or would go; confidence and risk are 0 to 1."""

    id: str
    subject: str | None
    sender_name: str | None
    sender_address: str | None
    decision: str
    folder: str | None
    confidence: float
    reason: str
    risk: float
    findings: tuple[Evidence, ...] = field(default=())

    def plain(self) -> dict[str, Any]:
        """As JSON would have it."""
        return asdict(self)


def counts(messages: Iterable[SortedMessage]) -> dict[str, int]:
    """How many of each decision, all four named."""
    seen = Counter(message.decision for message in messages)
    return {name: seen[name] for name in ("move", "keep", "review", "held")}
