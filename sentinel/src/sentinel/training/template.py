"""Sentences with alternatives: "Please (ignore|skip) {n} mails(|, thanks)".

Guarantees: the same template and random source give the same sentence. A template with a bracket that doesn't match is
refused.
"""

import re
from collections.abc import Mapping, Sequence
from random import Random

_SLOT = re.compile(r"\{(\w+)\}")
_Alternatives = list[list["str | _Alternatives"]]


class BrokenTemplate(ValueError):
    """A template whose brackets don't match."""


def expanded(template: str, random: Random, words: Mapping[str, Sequence[str]]) -> str:
    """One sentence of the template, each {slot} one of its words; a slot that nobody knows stays as it is."""
    sentence = _chosen(_parsed(template), random)
    return _SLOT.sub(lambda slot: random.choice(words[slot[1]]) if slot[1] in words else slot[0], sentence)


def _parsed(template: str) -> _Alternatives:
    marks = re.findall(r"\\.|[^\\]|\\$", template, re.DOTALL)
    found, rest = _alternatives(marks, 0, top=True)
    if rest != len(marks):
        raise BrokenTemplate(template)
    return found


def _alternatives(marks: Sequence[str], at: int, *, top: bool) -> tuple[_Alternatives, int]:
    """The alternatives from marks[at] to the bracket that closes them, and the place after it."""
    found: _Alternatives = [[]]
    while at < len(marks):
        mark = marks[at]
        at += 1
        if mark == "(":
            inner, at = _alternatives(marks, at, top=False)
            found[-1].append(inner)
        elif mark == ")":
            return _closed(found, at, top=top)
        elif mark == "|" and not top:
            found.append([])
        else:
            found[-1].append(mark[-1])
    if not top:
        raise BrokenTemplate("".join(marks))
    return found, at


def _closed(found: _Alternatives, at: int, *, top: bool) -> tuple[_Alternatives, int]:
    if top:
        raise BrokenTemplate("a bracket closes that was never opened")
    return found, at


def _chosen(alternatives: _Alternatives, random: Random) -> str:
    return "".join(part if isinstance(part, str) else _chosen(part, random) for part in random.choice(alternatives))
