"""From findings to a Verdict: the one place that decides what is clean, for review or held.

Guarantees: pure; more findings never lower the risk; nothing is clean unless a detector ran. What could not be judged
(a detector failed, or none ran) is held.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from math import prod

from sentinel.finding import Finding
from sentinel.operating_point import BALANCED, OperatingPoint

MAX_FINDINGS = 64  # of one item that are told; all of them count
TOLD_AT = 0.2  # weight; what speaks more softly counts in the risk and is no news to anybody


class Outcome(IntEnum):
    """What may happen with an item; the numbers are those of sentinel.proto."""

    CLEAN = 1
    REVIEW = 2
    HELD = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, its risk from 0 to 1, and the findings that explain it."""

    outcome: Outcome
    risk: float
    findings: tuple[Finding, ...]


def judge(findings: Iterable[Finding], *, detectors_ran: int, point: OperatingPoint = BALANCED) -> Verdict:
    """Weighs the findings; detectors_ran is how many detectors came to an end."""
    found = set(findings)
    told = [finding for finding in found if finding.weight >= TOLD_AT]
    shown = tuple(sorted(sorted(told, key=_heaviest)[:MAX_FINDINGS], key=_place))
    if detectors_ran < 1:
        return Verdict(Outcome.HELD, 1.0, shown)
    risk = combined(found)
    return Verdict(_outcome(risk, point), risk, shown)


def combined(findings: Iterable[Finding]) -> float:
    """1 minus the chance that every rule errs; a rule counts once, so repeating a phrase adds nothing."""
    strongest: dict[str, float] = {}
    for finding in findings:
        strongest[finding.rule_id] = max(finding.weight, strongest.get(finding.rule_id, 0.0))
    return 1.0 - prod(1.0 - weight for weight in sorted(strongest.values()))


def _outcome(risk: float, point: OperatingPoint) -> Outcome:
    if risk >= point.held:
        return Outcome.HELD
    return Outcome.REVIEW if risk >= point.review else Outcome.CLEAN


def _heaviest(finding: Finding) -> tuple[float, tuple[int, int, int, str, int]]:
    return (-finding.weight, _place(finding))


def _place(finding: Finding) -> tuple[int, int, int, str, int]:
    return (finding.field, finding.start, finding.end, finding.rule_id, finding.technique)
