"""The page of keys is the inventory of keys: the same keys, algorithms, purposes and days, each with its whole life."""

import re
from typing import Any

import pytest

from cli.inventory.listed import DERIVED, KEYS, SECRETS, Listed

PAGE = "docs/reference/keys.md"


def section(documents: Any, title: str) -> list[list[str]]:
    """Rows of the table under a title, without its head."""
    part = documents.text(PAGE).partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [row for row in documents.rows(part) if row[0].startswith("`")]


def days(what: Listed) -> str:
    return "-" if what.days is None else str(what.days)


@pytest.mark.parametrize(("title", "listed"), [("The gateway's own", KEYS), ("What you bring", SECRETS)])
def test_keys_are_told_as_the_inventory_has_them(documents: Any, title: str, listed: dict[str, Listed]) -> None:
    """A key, an algorithm or a time that changes changes the page; and each tells how it is replaced and ended."""
    rows = section(documents, title)
    wanted = [[f"`{name}`", what.algorithm, what.purpose, days(what)] for name, what in listed.items()]
    assert [row[:4] for row in rows] == wanted
    assert [row for row in rows if min(len(cell) for cell in row[4:]) < 4] == []


def test_derived_keys_tell_what_they_come_from(documents: Any) -> None:
    """By the label of the derivation."""
    rows = [[*row[:3], row[3].strip("`")] for row in section(documents, "Derived")]
    assert rows == [[f"`{name}`", what.algorithm, what.purpose, what.source] for name, what in DERIVED.items()]


def test_each_key_has_an_answer_to_its_copy(documents: Any) -> None:
    """What is held or brought is named where the page says what to do; derived ones go with their source."""
    part = documents.text(PAGE).partition("\n## When a key was copied\n")[2]
    named = set(re.findall(r"`([a-z_.*]+)`", part))
    families = {name.removesuffix("*") for name in named if name.endswith("*")}
    wanted = {*KEYS, *SECRETS} - {"pinned", "gateway.former_root_hsm.pin"}  # public; and with the root in use
    assert {name for name in wanted - named if not any(name.startswith(one) for one in families)} == set()
