"""The documents lead where they say, and promise only what a test proves."""

import re
from typing import Any

import pytest

TEST = re.compile(r"`?(test_\w+)`?")
POLICY, THREATS = "docs/policy.md", "docs/threat-model.md"


def proves(links: list[Any]) -> list[Any]:
    """The links whose text is the name of a test."""
    return [link for link in links if TEST.fullmatch(link.text)]


def test_every_link_leads_somewhere(documents: Any) -> None:
    """A document that names a file names one that is there."""
    links = list(documents.links())
    assert len(links) > 50
    assert [f"{link.document.name}: {link.target}" for link in links if not link.path.exists()] == []


def test_no_link_leads_out_of_the_repository(documents: Any) -> None:
    """Relative links stay inside, or they are broken for whoever reads them on a forge."""
    assert [link.target for link in documents.links() if not link.path.is_relative_to(documents.root)] == []


def test_every_named_test_is_there(documents: Any) -> None:
    """A link with a test's name leads to the file in which that test is."""
    named = proves(list(documents.links()))
    missing = [
        f"{link.document.name}: {link.text}"
        for link in named
        if not re.search(rf"def {link.text.strip('`')}\(", link.path.read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_every_table_has_a_head(documents: Any) -> None:
    """A blank line in the middle of a table cuts rows off, and then no test looks at them."""
    blocks = [
        (path.name, block.splitlines())
        for path in documents.paths()
        for block in re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(blocks) > 50
    assert [(name, lines[0]) for name, lines in blocks if not re.fullmatch(r"(\| *:?-+:? *)+\|", lines[1])] == []


@pytest.mark.parametrize("name", [POLICY, THREATS])
def test_every_promise_names_its_proof(documents: Any, name: str) -> None:
    """Each row of a table with a column for the test has one in it."""
    tables = [(head, rows) for head, rows in documents.tables(documents.text(name)) if head[-1] == "test"]
    rows = [row for _, rows in tables for row in rows]
    assert len(rows) > 40
    assert [row for row in rows if not re.search(r"\[`test_\w+`\]\(", row[-1])] == []


def test_the_five_truths_are_told_with_their_proofs(documents: Any) -> None:
    """README names five things that never happen, each with a test of tests/policy or beside it."""
    section = documents.text("README.md").partition("## What it will never do")[2].partition("\n## ")[0]
    truths = re.findall(r"^\d\. .*?(?=^\d\. |\Z)", section, re.MULTILINE | re.DOTALL)
    assert len(truths) == 5
    assert [truth[:40] for truth in truths if not TEST.search(truth)] == []


def test_every_decision_record_has_the_four_parts(documents: Any) -> None:
    """Context, decision, what was weighed, consequences; numbered without a gap, and listed in the index."""
    folder = documents.root / "docs" / "adr"
    records = sorted(folder.glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    parts = ["## Context", "## Decision", "## Weighed", "## Consequences"]
    texts = {record.name: record.read_text(encoding="utf-8") for record in records}
    found = {name: re.findall(r"^## .*$", text, re.MULTILINE) for name, text in texts.items()}
    assert found == dict.fromkeys(found, parts)
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in texts if f"({name})" not in index] == []
