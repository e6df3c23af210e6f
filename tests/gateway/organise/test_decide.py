"""decide() is the law in one pure function: hold, review, protection, rule, choice, in this order."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.organise.choice import Choice, FolderKey
from gateway.organise.decision import MOVE_AT, SUGGEST_AT, Hold, Keep, Move, Review, decide
from gateway.organise.rules.evaluation import Files, Match, Stays
from gateway.organise.rules.matcher import MailingList, Organisation, Sender
from gateway.organise.rules.protection import StayReason
from gateway.organise.rules.rule import Rule
from gateway.organise.verdict import Finding, Outcome, Verdict

FOLDERS = [FolderKey(f"fld_{name}") for name in ("bills", "work", "news")]
shares = st.floats(0, 1)
folders = st.sampled_from(FOLDERS)
findings = st.builds(
    Finding,
    st.sampled_from(["override", "role_play", "unknown"]),
    st.just("subject"),
    st.just(0),
    st.integers(0, 9),
    shares,
    st.just("SEN-101"),
)
verdicts = st.builds(Verdict, st.sampled_from(Outcome), shares, st.lists(findings, max_size=3).map(tuple))
choices = st.builds(
    Choice,
    st.none() | folders,
    shares,
    st.sampled_from(["learned", "provider", "none"]),
    st.sampled_from(["sender", "words", "nothing_learned"]),
)
whose = st.sampled_from([Sender("ann@shop.test"), MailingList("news.shop.test"), Organisation("shop.test")])
matches = st.builds(Files, st.builds(Rule, st.just("rul_a"), whose, folders)) | st.builds(
    Stays, st.sampled_from(StayReason), st.none() | st.just("pro_a")
)
circumstances = st.fixed_dictionaries({"match": st.none() | matches, "corrected": st.booleans()})


def told(match: Match) -> Move | Keep:
    """What a match makes of clean mail."""
    if isinstance(match, Stays):
        return Keep(1.0, "rule", match.reason, match.by)
    reasons = {Sender: "rule_sender", MailingList: "rule_list", Organisation: "rule_organisation"}
    return Move(match.rule.folder, 1.0, "rule", reasons[type(match.rule.matcher)], match.rule.id)


def ruled(match: Match | None) -> FolderKey | None:
    return match.rule.folder if isinstance(match, Files) else None


@given(verdicts, choices, circumstances)
def test_the_first_that_speaks_decides(verdict: Verdict, choice: Choice, around: dict[str, Any]) -> None:
    """(1) held is held, corrected for review; (2) suspicious is for review; (3, 4) a match beats (5) a choice."""
    decision = decide(verdict, choice, **around)
    if verdict.outcome is Outcome.HELD:
        assert isinstance(decision, Hold | Review)
    elif verdict.outcome is Outcome.REVIEW:
        assert isinstance(decision, Review)
        assert decision.folder == (choice.folder if around["match"] is None else None)
    elif around["match"] is not None:
        assert decision == told(around["match"])
    else:
        assert isinstance(decision, Move | Keep | Review)


@given(verdicts, choices, circumstances)
def test_what_moves_was_clean_and_sure_or_ruled(verdict: Verdict, choice: Choice, around: dict[str, Any]) -> None:
    """A move needs a clean verdict, no protection, and a rule or a choice that is sure."""
    decision = decide(verdict, choice, **around)
    if isinstance(decision, Move):
        assert verdict.outcome is Outcome.CLEAN
        assert not isinstance(around["match"], Stays)
        assert decision.folder == (ruled(around["match"]) or choice.folder)
        assert ruled(around["match"]) is not None or choice.confidence >= MOVE_AT


@given(verdict=verdicts, choice=choices, match=matches, corrected=st.booleans())
def test_a_rule_takes_no_suspicion_away(verdict: Verdict, choice: Choice, match: Match, *, corrected: bool) -> None:
    """Whoever seems to have sent it: held and suspicious mail stays so, and in no rule's folder."""
    without = decide(verdict, choice, corrected=corrected)
    decision = decide(verdict, choice, match=match, corrected=corrected)
    if verdict.outcome is Outcome.HELD:
        assert decision == without
    elif verdict.outcome is Outcome.REVIEW:
        assert isinstance(without, Review)
        assert decision == replace(without, folder=None)


@given(verdicts, choices, circumstances)
def test_a_decision_invents_no_folder(verdict: Verdict, choice: Choice, around: dict[str, Any]) -> None:
    """The folder of a decision is the rule's or the choice's; held and kept mail has none."""
    decision = decide(verdict, choice, **around)
    folder = getattr(decision, "folder", None)
    assert folder in {None, ruled(around["match"]), choice.folder}
    assert not isinstance(decision, Hold | Keep) or not hasattr(decision, "folder")


@given(choices, shares)
def test_sureness_has_two_steps(choice: Choice, risk: float) -> None:
    """Under SUGGEST_AT it stays, under MOVE_AT a person looks first, from there it may move."""
    decision = decide(Verdict(Outcome.CLEAN, risk), choice)
    if choice.folder is None or choice.confidence < SUGGEST_AT:
        assert isinstance(decision, Keep)
    else:
        assert isinstance(decision, Move if choice.confidence >= MOVE_AT else Review)


def test_the_page_says_from_where_a_preview_moves() -> None:
    """Who measures their own mail is told which line of the table is a first approval."""
    page = Path(__file__).parents[3] / "docs/how-to/measure-your-own-mail.md"
    assert f"moves from {MOVE_AT * 100:.0f} % up" in " ".join(page.read_text(encoding="utf-8").split())


@given(verdicts, choices, circumstances)
def test_a_correction_turns_hold_into_review_and_nothing_else(
    verdict: Verdict, choice: Choice, around: dict[str, Any]
) -> None:
    """Where the owner corrected nothing, or nothing was held, all is as it would be; a hold is for review at most."""
    without = decide(verdict, choice, **{**around, "corrected": False})
    corrected = decide(verdict, choice, **{**around, "corrected": True})
    if isinstance(without, Hold) and verdict.explained:
        assert corrected == Review(None, 0.0, "none", "corrected_by_owner")
    else:
        assert corrected == without
    assert isinstance(without, Hold) == (verdict.outcome is Outcome.HELD)


def test_what_could_not_be_judged_is_never_corrected() -> None:
    """Nothing found, nothing taken, one part that nobody judged beside others that somebody did: held."""
    known = Finding("override", "subject", 0, 4, 0.9, "SEN-101")
    broken = Finding("unknown", "unknown", 0, 0, 1.0, "SEN-006")
    recipients = Finding("unknown", "unknown", 0, 0, 0.5, "SEN-005")
    assert isinstance(decide(Verdict(Outcome.HELD, 0.9, (known,)), Choice.none(), corrected=True), Review)
    assert decide(Verdict.unjudged(), Choice.none(), corrected=True) == Hold("unreadable")
    for findings in ((), (broken,), (known, recipients), (recipients, known)):
        assert isinstance(decide(Verdict(Outcome.HELD, 1.0, findings), Choice.none(), corrected=True), Hold)


def test_a_hold_says_why() -> None:
    """The first finding's technique, or that nothing could be read."""
    override = Finding("override", "subject", 0, 4, 0.9, "SEN-101")
    found = (override, Finding("role_play", "subject", 5, 9, 0.8, "SEN-208"))
    assert decide(Verdict(Outcome.HELD, 0.9, found), Choice.none()) == Hold("override")
    assert decide(Verdict(Outcome.HELD, 1.0), Choice.none()) == Hold("unreadable")
    assert decide(Verdict.unjudged(), Choice.none()) == Hold("unreadable")
