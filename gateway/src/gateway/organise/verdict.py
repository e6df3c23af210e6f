"""What sentinel found in one message, in the gateway's own words.

Anything unknown is held: a newer peer can't widen trust.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

UNKNOWN: Final = "unknown"  # technique of what sentinel could not judge, or of a newer sentinel
UNREADABLE: Final = "unreadable"  # of what sentinel could not take
_UNEXPLAINED: Final = frozenset({UNKNOWN, UNREADABLE})


class Outcome(StrEnum):
    """How far a message may go."""

    CLEAN = "clean"
    REVIEW = "review"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for suspicion. start and end are code points of the original field; weight is 0 to 1."""

    technique: str
    field: str
    start: int
    end: int
    weight: float
    rule_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Sentinel's judgement of one message; risk is 0 to 1."""

    outcome: Outcome
    risk: float
    findings: tuple[Finding, ...] = ()

    @property
    def explained(self) -> bool:
        """Whether there are findings and each has a technique; otherwise some part of it was judged by nobody."""
        return bool(self.findings) and all(finding.technique not in _UNEXPLAINED for finding in self.findings)

    @classmethod
    def unjudged(cls) -> "Verdict":
        """Of a message that sentinel could not take: nothing inspected it, so nothing may read it."""
        return cls(Outcome.HELD, 1.0, (Finding(UNREADABLE, "message", 0, 0, 1.0, "SEN-000"),))
