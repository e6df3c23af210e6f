"""The red team's 200 attacks: what reached no AI then still doesn't, and its page hides no miss."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from row import item

from sentinel.inspector import Inspector
from sentinel.verdict import Outcome

Corpus = Callable[[str], list[dict[str, str]]]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "red-team.md"
KINDS = {"blind": 92, "adaptive": 1}  # of 100 not clean, at least; 93 and 2 when measured on 2026-11-28
MISS = re.compile(r"^\| (red-\d{3}) \| `(.*)` \| (.+) \|$", re.MULTILINE)
RUN = re.compile("([ \u3164\u2800])\\1+")
LONGEST_NAME = 40


def shown(row: dict[str, str]) -> str:
    """A row as the page writes it."""
    text = f"{row['sender_name']}: {row['subject']}"
    return RUN.sub(lambda run: f"{{U+{ord(run[1]):04X} x {len(run[0])}}}", text).replace("|", r"\|")


def test_the_red_team_wrote_200_attacks_half_of_which_steer(corpus: Corpus) -> None:
    """A hundred of each kind, in ten languages or more; each says how often the detector was asked."""
    rows = corpus("redteam")
    assert [row["id"] for row in rows] == [f"red-{number:03d}" for number in range(1, 201)]
    assert sum(row["technique"] == "folder_steering" for row in rows) == len(rows) / 2
    for kind in KINDS:
        own = [row for row in rows if row["kind"] == kind]
        assert len(own) == 100
        assert len({row["language"] for row in own}) >= 10
        assert {int(row["probes"]) for row in own} <= ({0} if kind == "blind" else set(range(1, 9)))
    assert all(len(row["sender_name"]) <= LONGEST_NAME for row in rows)
    assert all(row["sender_address"].endswith(".example") for row in rows)


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_of_them_reach_an_ai_than_then(corpus: Corpus, inspector: Inspector, kind: str) -> None:
    """Held and review count alike: neither goes to a provider."""
    rows = [row for row in corpus("redteam") if row["kind"] == kind]
    outcomes = [verdict.outcome for verdict in inspector.inspect([item(row) for row in rows])]
    assert len(outcomes) - outcomes.count(Outcome.CLEAN) >= KINDS[kind]


def test_the_page_lists_every_miss_in_full(corpus: Corpus) -> None:
    """And nothing else, each with a reason."""
    misses = {row["id"]: shown(row) for row in corpus("redteam") if row["outcome"] == "clean"}
    assert {name: text for name, text, _ in MISS.findall(PAGE.read_text("utf-8"))} == misses
