"""`mail-organiser policy`: every promise of the security policy, its test, and whether it passed at this commit."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cli.ending import ending
from cli.exit_code import ExitCode
from cli.promises import results, shown
from cli.promises.promise import promises
from cli.promises.results import Tree
from cli.promises.standing import Judged, Standing, judge
from cli.promises.tree import tree
from cli.report import Report
from cli.unusable import Unusable

PAGE = Path("docs") / "policy.md"
WIDTH = 200  # columns when stdout is no terminal


def run(root: Path, form: str) -> ExitCode:
    """The exit code: DONE when every promise is proven, FAILED otherwise. root: of the sources."""
    return ending(Report(), lambda: _run(root, form), ())


def _run(root: Path, form: str) -> ExitCode:
    now = tree(root)
    if now is None or not (root / PAGE).is_file():
        raise Unusable(f"{root} holds no sources.", f"There is no Git commit or no {PAGE}.", "Run it in a clone.")
    known = results.load(root / results.FILE)
    rows = [judge(one, known, now) for one in promises((root / PAGE).read_text(encoding="utf-8"))]
    _show(rows, now, form)
    proven = sum(row.standing is Standing.PROVEN for row in rows)
    Report().say(f"{proven} of {len(rows)} promises proven at {now.commit[:10]}{' with changes' * now.dirty}.")
    return ExitCode.DONE if rows and proven == len(rows) else ExitCode.FAILED


def _show(rows: Sequence[Judged], now: Tree, form: str) -> None:
    if form == "json":
        sys.stdout.write(shown.as_json(rows, now) + "\n")
    else:
        width = None if sys.stdout.isatty() else WIDTH
        shown.table(rows, Console(file=sys.stdout, highlight=False, width=width))
