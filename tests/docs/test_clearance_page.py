"""The five steps of the check have the same numbers and the same words in the code and on the page."""

import inspect
import re
from typing import Any

from mail_organiser import clearance

PAGE = "docs/reference/clearance.md"
STEP = re.compile(r'ClearanceRefused\((\d), "([^"]+)"\)')


def refusals() -> list[tuple[int, str]]:
    """(step, words) of every refusal, in the order of the source."""
    return [(int(step), words) for step, words in STEP.findall(inspect.getsource(clearance))]


def page_steps(text: str) -> dict[int, str]:
    """The page's numbered list."""
    items = re.findall(r"^(\d)\. (.*?)(?=^\d\. |^\S(?<!\d)|\Z)", text, re.MULTILINE | re.DOTALL)
    return {int(number): " ".join(words.split()) for number, words in items}


def test_the_page_has_the_code_s_steps(documents: Any) -> None:
    """Five steps, and beneath each number exactly the refusals that the code makes under it."""
    steps = page_steps(documents.text(PAGE))
    assert sorted(steps) == sorted({step for step, _ in refusals()}) == [1, 2, 3, 4, 5]
    told = {step: set(re.findall(r"“([^”]+)”", words)) for step, words in steps.items()}
    made = {step: {words for number, words in refusals() if number == step} for step in steps}
    assert told == made


def test_the_page_has_the_code_s_limits(documents: Any) -> None:
    """Every limit of the module is in the page's table, with its value."""
    names = [name for name in vars(clearance) if re.match(r"MAX_|VERSION$|BATCH_ID_LENGTH$", name)]
    rows = {row[0].strip("`"): row[1] for row in documents.rows(documents.text(PAGE)) if row[0].startswith("`")}
    assert rows == {name: str(getattr(clearance, name)) for name in names}
