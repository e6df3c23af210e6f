"""What was found, for people and for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from cli.checks.found import Found, State
from cli.untrusted import visible

_MARKS: Final = {
    State.OK: ("ok", "green"),
    State.WARN: ("soon", "yellow"),
    State.FAIL: ("FAILS", "bold red"),
    State.UNKNOWN: ("?", "dim"),
}
_INDENT: Final = 8


def show(found: Sequence[Found], *, to_stdout: bool = False) -> None:
    """A line each, with what to do below what isn't well. The mark is a word, never a colour alone."""
    console = Console(file=sys.stdout if to_stdout else sys.stderr, highlight=False)
    for one in found:
        mark, style = _MARKS[one.state]
        line = Text.assemble((f"{mark:<{_INDENT}}", style), (f"{one.name}: ", "bold"), visible(one.told))
        console.print(line, soft_wrap=not console.is_terminal)
        if one.to_do:
            console.print(Text(" " * _INDENT + visible(one.to_do)), soft_wrap=not console.is_terminal)


def as_json(found: Sequence[Found]) -> str:
    """One document: {"failed": bool, "checks": [{name, state, told, to_do}]}."""
    checks = [{"name": one.name, "state": one.state.value, "told": one.told, "to_do": one.to_do} for one in found]
    return json.dumps({"failed": any(one.failed for one in found), "checks": checks}, ensure_ascii=False)
