"""From a verdict and a choice to a decision. Pure; the order is the law: hold, protection, rule, choice."""

from dataclasses import dataclass
from typing import assert_never

from gateway.organise.choice import Choice, FolderKey
from gateway.organise.verdict import UNREADABLE, Outcome, Verdict

MOVE_AT = 0.80  # least confidence for a move in bulk approval: ADR 13 has what each threshold gets wrong
SUGGEST_AT = 0.35  # least confidence worth showing; between the two a person looks first


@dataclass(frozen=True, slots=True)
class Move:
    """To the folder, once the owner approves."""

    folder: FolderKey
    confidence: float
    engine: str
    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Stays where it is."""

    confidence: float
    engine: str
    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """A person looks first; perhaps with a folder to suggest. In no bulk approval."""

    folder: FolderKey | None
    confidence: float
    engine: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Held back as an attack: nothing but the owner's release ends it."""

    reason: str


Decision = Move | Keep | Review | Hold


def decide(
    verdict: Verdict,
    choice: Choice,
    *,
    protection: str | None = None,
    rule: FolderKey | None = None,
    corrected: bool = False,
) -> Decision:
    """The first of these that speaks: (1) hold, (2) protection, (3) rule, (4) choice.

    protection: why the message must stay, if it must. rule: where a rule of the owner sends it. corrected: whether
    the owner said of such a message that it is no attack; that makes a hold a review, and nothing else of anything.
    """
    match verdict.outcome:
        case Outcome.HELD:
            return _held(verdict, corrected=corrected)
        case Outcome.CLEAN | Outcome.REVIEW:
            pass
        case _ as unreachable:
            assert_never(unreachable)
    if protection is not None:
        return Keep(1.0, "rule", protection)
    if verdict.outcome is Outcome.REVIEW:
        return Review(rule or choice.folder, choice.confidence, choice.engine, "suspicious")
    if rule is not None:
        return Move(rule, 1.0, "rule", "rule")
    return _by_confidence(choice)


def _held(verdict: Verdict, *, corrected: bool) -> Review | Hold:
    """No folder goes with a review that was held: neither engine nor rule may suggest one."""
    if corrected and verdict.explained:
        return Review(None, 0.0, "none", "corrected_by_owner")
    return Hold(verdict.findings[0].technique if verdict.findings else UNREADABLE)


def _by_confidence(choice: Choice) -> Decision:
    if choice.folder is None or choice.confidence < SUGGEST_AT:
        return Keep(choice.confidence, choice.engine, "no_folder_fits" if choice.engine != "none" else choice.reason)
    if choice.confidence < MOVE_AT:
        return Review(choice.folder, choice.confidence, choice.engine, "not_sure")
    return Move(choice.folder, choice.confidence, choice.engine, choice.reason)
