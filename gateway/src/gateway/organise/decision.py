"""From a verdict and a choice to a decision. Pure; the order is the law: hold, protection, rule, choice."""

from dataclasses import dataclass
from typing import assert_never

from gateway.organise.choice import Choice, FolderKey
from gateway.organise.rules.evaluation import Files, Match, Stays
from gateway.organise.rules.matcher import form
from gateway.organise.verdict import UNREADABLE, Outcome, Verdict

MOVE_AT = 0.80  # least confidence for a move in bulk approval: ADR 19 has what each threshold gets wrong
SUGGEST_AT = 0.35  # least confidence worth showing; between the two a person looks first


@dataclass(frozen=True, slots=True)
class Move:
    """To the folder, once the owner approves. by: the rule that says so, if one does."""

    folder: FolderKey
    confidence: float
    engine: str
    reason: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """Stays where it is. by: the protection or rule that says so, if one does."""

    confidence: float
    engine: str
    reason: str
    by: str | None = None


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
    match: Match | None = None,
    corrected: bool = False,
) -> Decision:
    """The first of these that speaks: (1) hold, (2) review, (3) protection, (4) rule, (5) choice.

    match: what the first protection or rule says; of clean mail alone. An address can be forged, so it takes no
    suspicion away: what is suspicious is for review whoever seems to have sent it, with a choice's folder at most.
    corrected: whether the owner said of such a message that it is no attack; that makes a hold a review, and nothing
    else of anything.
    """
    match verdict.outcome:
        case Outcome.HELD:
            return _held(verdict, corrected=corrected)
        case Outcome.REVIEW:
            suggested = choice.folder if match is None else None
            return Review(suggested, choice.confidence, choice.engine, "suspicious")
        case Outcome.CLEAN:
            return _by_confidence(choice) if match is None else _matched(match)
        case _ as unreachable:
            assert_never(unreachable)


def _matched(match: Match) -> Move | Keep:
    match match:
        case Stays():
            return Keep(1.0, "rule", match.reason, match.by)
        case Files():
            return Move(match.rule.folder, 1.0, "rule", f"rule_{form(match.rule.matcher)[0]}", match.rule.id)
        case _ as unreachable:
            assert_never(unreachable)


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
