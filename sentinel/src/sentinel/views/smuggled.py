"""Bytes smuggled in variation selectors, which no screen shows ("emoji smuggling"): in a row, or one after each letter.

Guarantees: a run shorter than LEAST_RUN is left alone: scripts and emoji use one selector at a time. Single ones are
read only when they are many and say something: Japanese names have them, too.
"""

import re

from sentinel.views.replacement import Replacement

LEAST_RUN = 3  # selectors in a row; Unicode has no sequence with two
LEAST_SPREAD = 6  # selectors in a text, one at a time
RUN = re.compile(f"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{{LEAST_RUN},}}")
_LETTER = re.compile("[\U000e0110-\U000e016e]")  # those that number the characters of ASCII
_FIRST = 0xFE00
_SECOND = 0xE0100 - 16


def carries_bytes(text: str) -> bool:
    """Whether there may be any."""
    return RUN.search(text) is not None or len(_LETTER.findall(text)) >= LEAST_SPREAD


def smuggled(text: str) -> list[Replacement]:
    """Runs of selectors, read as the bytes that they number; or all single ones together, in the place of the first."""
    runs = [Replacement(*run.span(), _read(run[0])) for run in RUN.finditer(text)]
    return runs or _spread(text)


def _spread(text: str) -> list[Replacement]:
    single = list(_LETTER.finditer(text))
    if len(single) < LEAST_SPREAD:
        return []
    return [Replacement(*single[0].span(), _read("".join(one[0] for one in single)))]


def _read(run: str) -> str:
    values = [ord(selector) - (_FIRST if ord(selector) < _SECOND else _SECOND) for selector in run]
    return bytes(values).decode("utf-8", errors="replace")
