"""Promises for people and for programs."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.promises.results import Tree
from cli.promises.standing import Judged, Standing

_STYLES = {Standing.PROVEN: "green", Standing.BROKEN: "bold red", Standing.NOT_PROVEN: "yellow"}


def table(rows: Sequence[Judged], console: Console) -> None:
    """A line each."""
    shown = Table(box=None, pad_edge=False)
    for head in ("no.", "stands", "last result", "promise", "test"):
        shown.add_column(head, overflow="fold")
    for promise, standing, last in rows:
        tests = ", ".join(proof.test for proof in promise.proofs)
        shown.add_row(promise.number, Text(standing.value, _STYLES[standing]), last, Text(promise.text), Text(tests))
    console.print(shown)


def as_json(rows: Sequence[Judged], tree: Tree) -> str:
    """One document: {"commit", "dirty", "proven", "promises": [{number, promise, tests, standing, last_result}]}."""
    proven = all(row.standing is Standing.PROVEN for row in rows)
    head = {"commit": tree.commit, "dirty": tree.dirty, "proven": bool(rows) and proven}
    return json.dumps({**head, "promises": [_object(row) for row in rows]}, ensure_ascii=False)


def _object(row: Judged) -> dict[str, object]:
    tests = [f"{proof.path}::{proof.test}" for proof in row.promise.proofs]
    told = {"standing": row.standing.value, "last_result": row.last}
    return {"number": row.promise.number, "promise": row.promise.text, "tests": tests, **told}
