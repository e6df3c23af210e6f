"""The verdict: weighing findings, and what happens when nobody could judge."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.detectors.detector import each
from sentinel.finding import Field, Finding, Technique
from sentinel.inspector import BROKEN, Inspector
from sentinel.item import Item
from sentinel.operating_point import POINTS, Strictness
from sentinel.reading import InspectedItem
from sentinel.rules.rule import CERTAIN, FIRM, MEDIUM, STRONG, WEAK
from sentinel.verdict import MAX_FINDINGS, Outcome, combined, judge


def finding(weight: float, rule_id: str = "SEN-101", start: int = 0) -> Finding:
    return Finding(Technique.OVERRIDE, Field.SUBJECT, start, start + 1, weight, rule_id)


def outcome(*weights: float) -> Outcome:
    found = [finding(weight, f"SEN-{number}") for number, weight in enumerate(weights)]
    return judge(found, detectors_ran=1).outcome


def test_outcomes_of_the_weights() -> None:
    """As the names of the weights promise."""
    assert outcome() is outcome(WEAK) is Outcome.CLEAN
    assert outcome(WEAK, WEAK) is outcome(MEDIUM) is outcome(FIRM) is Outcome.REVIEW
    assert outcome(STRONG) is outcome(CERTAIN) is outcome(FIRM, WEAK) is outcome(MEDIUM, MEDIUM) is Outcome.HELD


def test_a_rule_counts_once() -> None:
    """Repeating a phrase makes it no worse, and quoting it twice no attack."""
    twice = [finding(MEDIUM, start=start) for start in (0, 9)]
    assert judge(twice, detectors_ran=1).risk == MEDIUM


@given(st.lists(st.sampled_from([WEAK, MEDIUM, FIRM, STRONG, CERTAIN]), max_size=8))
def test_more_findings_never_lower_the_risk(weights: list[float]) -> None:
    """And it stays a number from 0 to 1."""
    found = [finding(weight, f"SEN-{number}") for number, weight in enumerate(weights)]
    risks = [combined(found[:count]) for count in range(len(found) + 1)]
    assert all(0 <= low <= high <= 1 for low, high in itertools.pairwise([*risks, 1.0]))


def test_nothing_is_clean_unless_a_detector_ran() -> None:
    """No detector, no verdict: held."""
    assert judge([], detectors_ran=0).outcome is Outcome.HELD
    assert Inspector([]).inspect([Item({Field.SUBJECT: "Lunch"})])[0].outcome is Outcome.HELD


def test_a_detector_that_breaks_holds_the_item_and_no_other() -> None:
    """One poisoned message never fails a page, and never passes either."""

    def broken(item: InspectedItem) -> list[Finding]:
        if "poison" in item.item.texts[Field.SUBJECT]:
            raise ZeroDivisionError
        return []

    items = [Item({Field.SUBJECT: subject}) for subject in ("Lunch", "poison", "Dinner")]
    before, poison, after = Inspector([each(broken)]).inspect(items)
    assert (poison.outcome, poison.findings) == (Outcome.HELD, (BROKEN,))
    assert (before.outcome, after.outcome) == (Outcome.CLEAN, Outcome.CLEAN)


def test_what_is_told_is_bounded_and_what_counts_is_not() -> None:
    """The heaviest findings are told; all of them weigh."""
    found = [finding(WEAK, f"SEN-{number}") for number in range(300)] + [finding(CERTAIN, "SEN-999")]
    verdict = judge(found, detectors_ran=1)
    assert len(verdict.findings) == MAX_FINDINGS
    assert "SEN-999" in {one.rule_id for one in verdict.findings}
    assert verdict.risk == combined(found)


@pytest.mark.parametrize("risk", [0.1, 0.25, 0.45, 0.6, 0.8, 0.9])
def test_a_stricter_point_never_lets_more_through(risk: float) -> None:
    """Strict, balanced, lenient: the outcome of one risk only falls; what could not be judged is held by each."""
    found = [finding(risk, "SEN-999")]
    outcomes = [judge(found, detectors_ran=1, point=POINTS[strictness]).outcome for strictness in Strictness]
    assert outcomes == sorted(outcomes, reverse=True)
    assert all(judge([], detectors_ran=0, point=point).outcome is Outcome.HELD for point in POINTS.values())


def test_whispers_count_and_are_not_told() -> None:
    """The learned detector has a word on every mail; only what is worth a person's time is shown."""
    verdict = judge([finding(0.05, "SEN-1100")], detectors_ran=1)
    assert verdict.findings == ()
    assert verdict.risk == pytest.approx(0.05)
