"""Bytes smuggled in variation selectors, which no screen shows ("emoji smuggling").

Guarantees: a run shorter than LEAST_RUN is left alone: scripts and emoji use one selector at a time.
"""

import re

from sentinel.views.replacement import Replacement

LEAST_RUN = 3  # selectors in a row; Unicode has no sequence with two
RUN = re.compile(f"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{{LEAST_RUN},}}")
_FIRST = 0xFE00
_SECOND = 0xE0100 - 16


def smuggled(text: str) -> list[Replacement]:
    """Runs of selectors, read as the bytes that they number."""
    return [Replacement(*run.span(), _read(run[0])) for run in RUN.finditer(text)]


def _read(run: str) -> str:
    values = [ord(selector) - (_FIRST if ord(selector) < _SECOND else _SECOND) for selector in run]
    return bytes(values).decode("utf-8", errors="replace")
