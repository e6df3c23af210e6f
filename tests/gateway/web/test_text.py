"""Strangers' text: what is read is what is there."""

import unicodedata
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Run = Callable[..., Any]

IMPORTS = "import { pieces, named } from './app/text.js';"
PIECES = "return given.map(([text, spans, exact]) => pieces(text, spans, exact));"
INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# Letters and signs that look like nothing, and spaces that aren't the space.
BLANK = {0x034F, 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
MOST = 1000
FAMILY = "\U0001f469\u200d\U0001f467"  # woman, zero width joiner, girl


def cut(
    run: Run, text: str, spans: list[dict[str, int]] | None = None, *, exact: bool = False
) -> list[dict[str, object]]:
    """One text."""
    found: list[dict[str, object]] = run(IMPORTS, PIECES, [[text, spans or [], exact]])[0]
    return found


def test_every_invisible_character_is_a_chip_and_no_letter_is(run: Run) -> None:
    """All of Unicode, one by one, against Python's own tables."""
    body = """const found = [];
        for (let code = 0; code <= 0x10ffff; code += 1)
            if (pieces(String.fromCodePoint(code), [], true)[0].code !== null) found.push(code);
        return found;"""
    hidden = set(run(IMPORTS, body))
    known = [(code, unicodedata.category(chr(code))) for code in range(0x110000)]
    spaces = {code for code, kind in known if kind == "Zs"} - {0x20}
    assert {code for code, kind in known if kind in INVISIBLE} | spaces | BLANK <= hidden
    assert not {code for code, kind in known if kind[0] in "LMNPS" or code == 0x20} & hidden - BLANK


def test_a_reordering_character_is_named(run: Run) -> None:
    """What turns the reading direction stands there as a chip, and the rest of the text in its order."""
    assert cut(run, "a\u202eb") == [
        {"text": "a", "code": None, "marked": False},
        {"text": "\u202e", "code": 0x202E, "marked": False},
        {"text": "b", "code": None, "marked": False},
    ]
    names = run(IMPORTS, "return given.map(named);", [0x202E, 0x200B, 0xE0041, 0xFE0F, 0x0003])
    assert names == [
        "right-to-left override",
        "zero width space",
        "tag character",
        "variation selector",
        "hidden character",
    ]


def test_an_emoji_keeps_its_joiners_until_one_looks_exactly(run: Run) -> None:
    """A family is one picture; a joiner that joins no picture is a chip."""
    assert [one["code"] for one in cut(run, FAMILY)] == [None]
    assert [one["code"] for one in cut(run, FAMILY, exact=True)] == [None, 0x200D, None]
    assert [one["code"] for one in cut(run, "a\u200db")] == [None, 0x200D, None]


def test_findings_are_marked_by_code_point(run: Run) -> None:
    """A span counts code points, as sentinel does, not the halves of JavaScript's strings."""
    found = cut(run, "\U0001f4a1 obey me", [{"start": 2, "end": 6}])
    assert [(one["text"], one["marked"]) for one in found] == [("\U0001f4a1 ", False), ("obey", True), (" me", False)]
    assert [one["marked"] for one in cut(run, "a\u200bb", [{"start": 1, "end": 2}])] == [False, True, False]


def test_a_long_text_ends(run: Run) -> None:
    """A subject of a million characters does not stop the page."""
    assert sum(len(str(one["text"])) for one in cut(run, "x" * 5000)) == MOST


TEXTS = st.lists(st.text(st.characters(exclude_categories=())), min_size=40, max_size=80)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS)
def test_nothing_is_lost_added_or_reordered(run: Run, texts: list[str]) -> None:
    """Whatever the text, its pieces are it again; no two neighbours look the same."""
    for text, found in zip(texts, run(IMPORTS, PIECES, [[text, [], True] for text in texts]), strict=True):
        assert "".join(one["text"] for one in found) == text[:MOST]
        assert all(
            len(one["text"]) == 1 and ord(one["text"]) == one["code"] for one in found if one["code"] is not None
        )
        assert not any(one["code"] is None and other["code"] is None for one, other in pairwise(found))
