"""Writes docs/reference/techniques.md, all techniques and rule ids; tests/docs/test_techniques_page.py compares."""

import sys
from collections import Counter
from pathlib import Path

from sentinel.catalogue import TECHNIQUES, Entry, catalogue
from sentinel.finding import Technique

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "techniques.md"
HEAD = """# Techniques and rules

What [sentinel](../../sentinel/src/sentinel/inspector.py) looks for, and what its rule ids mean. A finding names its
technique, its rule, the field and the characters that speak; the text itself stays where it is. The patterns are data:
[rules/](../../sentinel/src/sentinel/rules), the learned detector is described in [its card](sentinel-model.md).
This page is written by `make techniques`.
"""


def page() -> str:
    """The page as it is committed."""
    entries = list(catalogue())
    return HEAD + "".join(_section(technique, entries) for technique in (*TECHNIQUES,))


def _section(technique: Technique, entries: list[Entry]) -> str:
    own = [entry for entry in entries if entry.technique is technique]
    title = (
        "Not judged" if technique is Technique.UNSPECIFIED else technique.name.lower().replace("_", " ").capitalize()
    )
    sentences = Counter(entry.sentence for entry in own)
    rows = [f"| {_ids(sentence, own)} | {sentence} |\n" for sentence in sentences]
    table = "| rule | what it says of a message |\n|---|---|\n" + "".join(rows) if rows else ""
    found = _FOUND_BY.get(technique, "")
    return f"\n## {title}\n\n{TECHNIQUES[technique]}{found}\n\n{table}"


# Techniques that any rule can be found under, once the text had to be decoded or put together first.
_FOUND_BY = {
    Technique.ENCODED_PAYLOAD: " A rule that speaks only after decoding is told under this technique, with its own id.",
    Technique.SPLIT_PAYLOAD: " Any rule is told under this technique when it matches only both fields read as one.",
    Technique.HIDDEN_CHARACTERS: " A rule that speaks in what was hidden is told under this technique, by its own id.",
}


def _ids(sentence: str, entries: list[Entry]) -> str:
    """Ids that say the same, runs of them as first to last."""
    numbers = sorted(int(entry.id.removeprefix("SEN-")) for entry in entries if entry.sentence == sentence)
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(_id(run[0]) if len(run) == 1 else f"{_id(run[0])} to {_id(run[-1])}" for run in runs)


def _id(number: int) -> str:
    return f"SEN-{number:03d}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
