"""A promise of docs/policy.md, and the tests that it names. Pure."""

import re
from typing import Final, NamedTuple

_ROW: Final = re.compile(r"^\| (P\d+\.\d+) \| (.+) \| (\[`test_.+) \|$", re.MULTILINE)
_PROOF: Final = re.compile(r"\[`(test_\w+)`\]\(\.\./([^)\s]+)\)")


class Proof(NamedTuple):
    """A test. path: of its file, from the repository's root."""

    path: str
    test: str


class Promise(NamedTuple):
    """number: "P3.4". text: Markdown."""

    number: str
    text: str
    proofs: tuple[Proof, ...]


def promises(page: str) -> list[Promise]:
    """All of them, in the page's order."""
    return [Promise(number, text, _proofs(cell)) for number, text, cell in _ROW.findall(page)]


def _proofs(cell: str) -> tuple[Proof, ...]:
    return tuple(Proof(path, test) for test, path in _PROOF.findall(cell))
