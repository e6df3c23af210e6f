"""The figures of an evaluation, by hand, and their drawing."""

import random
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from classifier.score import score
from cli.accuracy import Answer, at_thresholds, calibration_error, reliability, share_right, worst
from cli.diagram import diagram

ANSWERS = [
    Answer("Bills", "Bills", 0.95),
    Answer("Bills", "Bills", 0.9),
    Answer("Bills", "Work", 0.9),
    Answer("Work", "Work", 0.5),
    Answer("Choir", None, 0.0, known=False),
    Answer("Choir", "Work", 0.2),
    Answer("Choir", "Work", 0.3),
    Answer("Choir", "Bills", 0.3, held=True),
]


def test_shares_of_a_known_case() -> None:
    """Three of eight are right; at 90 % three are covered, two of them right; at 50 % four and three."""
    assert share_right(ANSWERS) == 3 / 8
    rows = {each.least: (each.covered, each.right) for each in at_thresholds(ANSWERS)}
    assert rows[0.9] == (3 / 8, 2 / 3)
    assert rows[0.5] == (4 / 8, 3 / 4)
    assert rows[0.95] == (1 / 8, 1.0)
    assert share_right([]) == 0


def test_the_worst_folders_come_first_and_say_where_their_mail_went() -> None:
    """By the number of wrong choices; a folder without any isn't there."""
    first, second = worst(ANSWERS, 5)
    assert (first.folder, first.filed, first.right, first.instead, first.times) == ("Choir", 4, 0, "Work", 2)
    assert (second.folder, second.instead) == ("Bills", "Work")
    assert [each.folder for each in worst(ANSWERS, 1)] == ["Choir"]
    assert worst([Answer("Choir", None, 0.0)], 5)[0].instead is None


def test_the_error_is_that_of_the_classifier() -> None:
    """Over random answers, the same figure as classifier.score has."""
    chance = random.Random(3)  # noqa: S311  # answers of a test, the same in each run
    answers = [Answer("a", chance.choice("ab"), chance.random()) for _ in range(500)]
    theirs = score([(answer.confidence, answer.right) for answer in answers])
    assert calibration_error(answers) == pytest.approx(theirs.calibration_error)


def test_bins_rise_and_hold_everything() -> None:
    """Each answer is in one bin; a confidence of 1 is in the last."""
    bins = reliability([*ANSWERS, Answer("Bills", "Bills", 1.0)])
    assert sum(each.count for each in bins) == len(ANSWERS) + 1
    assert all(one.confidence < two.confidence for one, two in pairwise(bins))
    assert bins[-1].count == 4


def _dots(drawn: str) -> int:
    root = ET.fromstring(drawn)  # noqa: S314  # made by the line before
    return len(root.findall("{http://www.w3.org/2000/svg}circle"))


def test_a_diagram_is_svg_for_light_and_dark() -> None:
    """Well-formed, a dot for each bin, colours for both schemes, no ground of its own and nothing from elsewhere."""
    bins = reliability(ANSWERS * 5)
    drawn = diagram({"ada": bins, "bob": bins})
    assert _dots(drawn) == 2 * len(bins) + 2
    assert "prefers-color-scheme: dark" in drawn
    assert "background" not in drawn
    assert "href" not in drawn
    assert _dots(diagram({"mine": bins})) == len(bins)
    assert "polyline" in diagram({"nothing": []})
    assert ".line.line { fill: none" in drawn, "or lines are filled areas in the dark"
    assert "circle" not in diagram({"few": reliability(ANSWERS[:4])})
