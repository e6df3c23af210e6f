"""The security policy: every promise has a number and a test, every group a test against running services."""

import re
from typing import Any

import pytest

POLICY = "docs/policy.md"
NUMBER = re.compile(r"P(\d+)\.(\d+)")
PROOF = re.compile(r"\[`(test_\w+)`\]\(\.\./([\w/.]+)\)")
END = "## What is not promised"


@pytest.fixture
def promises(documents: Any) -> list[list[str]]:
    """All rows: number, promise, test."""
    return list(documents.rows(documents.text(POLICY).partition(END)[0]))


def test_numbers_follow_one_another(documents: Any, promises: list[list[str]]) -> None:
    """P1.1, P1.2... in the group of this number: none twice, none left out, and no group without one."""
    groups = [int(number) for number in re.findall(r"^## (\d+)\. ", documents.text(POLICY), re.MULTILINE)]
    assert groups == list(range(1, len(groups) + 1))
    sections = re.split(r"^## \d+\. ", documents.text(POLICY).partition(END)[0], flags=re.MULTILINE)[1:]
    rows = [documents.rows(section) for section in sections]
    assert [[row[0] for row in one] for one in rows] == [
        [f"P{group}.{number}" for number in range(1, len(one) + 1)] for group, one in zip(groups, rows, strict=True)
    ]
    assert all(rows)
    assert sum(map(len, rows)) == len(promises)


def test_every_promise_has_a_test_that_is_there(documents: Any, promises: list[list[str]]) -> None:
    """The link leads to a file in which a function of this name begins a line."""
    assert len(promises) > 200
    for number, _, proof in promises:
        named = PROOF.findall(proof)
        assert named, number
        for test, path in named:
            text = (documents.root / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {test}\(", text, re.MULTILINE), f"{number}: {test}"


def test_no_promise_is_made_twice(promises: list[list[str]]) -> None:
    """Each in words of its own."""
    assert len({promise for _, promise, _ in promises}) == len(promises)


def test_every_group_is_tested_against_running_services(promises: list[list[str]]) -> None:
    """In tests/policy, where a person would meet it."""
    groups: dict[str, set[str]] = {}
    for number, _, proof in promises:
        found = NUMBER.fullmatch(number)
        assert found, number
        groups.setdefault(found[1], set()).update(path for _, path in PROOF.findall(proof))
    assert [one for one, paths in groups.items() if not any(path.startswith("tests/policy/") for path in paths)] == []
