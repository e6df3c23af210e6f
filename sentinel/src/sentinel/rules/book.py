"""All rules, read from the TOML files beside this module: one a technique, and lexicon.toml with the words they share.

Guarantees: an unknown key, weight, form, technique or word group, and an id that is used twice, stop the start.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from sentinel.finding import Technique
from sentinel.rules.rule import CERTAIN, FIRM, MEDIUM, STRONG, WEAK, Form, Rule

_FILES = ("override", "role_play", "prompt_leak", "delimiter", "folder_steering", "agent_action", "authority")
_WEIGHTS = {"weak": WEAK, "medium": MEDIUM, "firm": FIRM, "strong": STRONG, "certain": CERTAIN}
_GROUP = re.compile(r"\{([A-Z_]+)\}")
_KEYS = frozenset({"id", "weight", "form", "sentence", "pattern"})

Words = Mapping[str, str]


class RuleRefused(ValueError):
    """A rule file that says something unknown. A fault of the release, not of a deployment."""


def read_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the files."""
    shared = _words(_document("lexicon"), {})
    rules = tuple(rule for name in _FILES for rule in _rules(_document(name), shared))
    if len({rule.id for rule in rules}) != len(rules):
        raise RuleRefused("an id is used twice")
    return rules


def _document(name: str) -> dict[str, Any]:
    return tomllib.loads((files("sentinel") / "rules" / f"{name}.toml").read_text("utf-8"))


def _words(document: Mapping[str, Any], shared: Words) -> Words:
    own = {name: f"(?:{'|'.join(words)})" for name, words in document.get("words", {}).items()}
    return {**shared, **own}


def _rules(document: Mapping[str, Any], shared: Words) -> Iterator[Rule]:
    technique, words = Technique[document["technique"].upper()], _words(document, shared)
    for row in document["rule"]:
        if not row.keys() <= _KEYS:
            raise RuleRefused(f"{row.get('id')}: an unknown key")
        pattern, form = _pattern(row["pattern"], words), Form(row.get("form", "phrase"))
        yield Rule(row["id"], technique, _WEIGHTS[row["weight"]], row["sentence"], pattern, form)


def _pattern(source: str, words: Words) -> str:
    """Long patterns are broken over lines, for people; the breaks and the indentation mean nothing."""
    joined = "".join(line.strip() for line in source.splitlines())
    return _GROUP.sub(lambda group: words[group[1]], joined)
