"""The page about OWASP ASVS is whole: every requirement once, with a status, and its tests or its reason."""

import re
from collections import Counter
from typing import Any

import pytest

PAGE = "docs/reference/asvs.md"
STATUSES = {"proven", "not applicable", "open"}
TEST = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")
IDS = {  # by the level that the standard gives them: the requirements that this software was to be judged by
    1: """3.3.1 3.4.1 3.4.2 4.1.1 7.2.4 7.4.1 8.2.2 9.1.1 9.1.2 9.1.3 9.2.1 10.4.2 10.4.3 10.4.5 12.1.1 14.2.1 15.1.1
    15.2.1 15.3.1""",
    2: """1.3.6 1.5.2 2.3.3 2.3.4 2.4.1 3.3.2 3.3.3 3.3.4 3.4.3 3.4.4 3.4.5 3.4.6 4.1.3 4.2.1 7.3.1 7.3.2 7.4.5 8.2.3
    8.4.1 9.2.2 9.2.3 9.2.4 10.1.1 10.1.2 10.2.1 10.2.2 10.4.8 10.4.10 10.5.1 10.5.2 10.5.3 10.5.4 11.1.1 11.1.2 11.2.2
    11.3.3 11.5.1 12.1.2 12.1.3 12.3.1 12.3.2 12.3.3 12.3.4 13.2.4 13.3.1 13.4.2 13.4.4 13.4.5 14.2.2 14.2.4 15.1.2
    15.3.2 15.3.3 15.3.4 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1
    16.5.2 16.5.3""",
    3: "4.1.4 8.3.2 10.2.3 11.2.5 11.3.4 12.3.5 13.1.2 13.2.6 13.3.4 13.4.6 14.2.7 15.2.4 15.4.2 16.5.4",
}


@pytest.fixture
def rows(documents: Any) -> list[list[str]]:
    """[id, level, what it asks, status, proof or reason] of every requirement on the page."""
    return [row for row in documents.rows(documents.text(PAGE)) if re.fullmatch(r"V\d+\.\d+\.\d+", row[0])]


def test_every_requirement_is_there_once_at_its_level(rows: list[list[str]]) -> None:
    """None is left out, told twice, or made easier."""
    wanted = [(f"V{one}", str(level)) for level, ids in IDS.items() for one in ids.split()]
    assert len(set(wanted)) == len(wanted)
    assert Counter((row[0], row[1]) for row in rows) == Counter(wanted)


def test_every_requirement_has_a_status_and_what_it_rests_on(rows: list[list[str]]) -> None:
    """Proven needs a test; the others need words, with tests beside them or without."""
    assert [row[0] for row in rows if len(row) != 5 or row[3] not in STATUSES or len(row[2]) < 5] == []
    proven = [row for row in rows if row[3] == "proven"]
    assert [row[0] for row in proven if not TEST.search(row[4])] == []
    assert [row[0] for row in rows if row not in proven and len(TEST.sub("", row[4])) < 30] == []


def test_every_test_that_it_rests_on_is_there(documents: Any, rows: list[list[str]]) -> None:
    """Each link of a row leads to the file in which that test is; what looks like a test is such a link."""
    folder = (documents.root / PAGE).parent
    links = [(row[0], *found.groups()) for row in rows for found in TEST.finditer(row[4])]
    assert len(links) > 100
    texts = {path: (folder / path).read_text(encoding="utf-8") for _, _, path in links}
    assert [link for link in links if not re.search(rf"^(async )?def {link[1]}\(", texts[link[2]], re.MULTILINE)] == []
    assert [row[0] for row in rows if "test_" in TEST.sub("", row[4])] == []


def test_the_head_counts_what_the_tables_hold(documents: Any, rows: list[list[str]]) -> None:
    """Proven, not applicable and open, and how many there are in all."""
    text = documents.text(PAGE)
    told = {row[0]: int(row[1]) for row in documents.rows(text) if row[0] in STATUSES}
    assert told == dict.fromkeys(STATUSES, 0) | Counter(row[3] for row in rows)
    assert f"Judged were the {len(rows)} requirements below" in text
