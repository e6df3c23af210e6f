"""The inventory for people and for programs. No row has a key in it, or a person's id."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.inventory.row import Row, State
from cli.untrusted import visible

_STYLES = {State.GOOD: "green", State.DUE: "yellow", State.ENDED: "bold red"}


def table(rows: Sequence[Row], now: datetime, console: Console) -> None:
    """A line each: days for times, a word for the state."""
    shown = Table(box=None, pad_edge=False)
    for head in ("state", "key", "algorithm", "made", "in use since", "ends", "due", "count", "where"):
        shown.add_column(head, overflow="fold")
    for row in rows:
        state = row.state(now)
        times = [_day(one) for one in (row.made_at, row.in_use_since, row.ends_at, row.due_at)]
        words = [row.name, row.what.algorithm, *times, _count(row), row.where]
        shown.add_row(Text(state.value, _STYLES[state]), *(Text(visible(word)) for word in words))
    console.print(shown)


def as_json(rows: Sequence[Row], now: datetime) -> str:
    """One document: {"keys": [{name, algorithm, purpose, derived_from, state, made_at...}]}; times in RFC 3339."""
    return json.dumps({"keys": [_object(row, now) for row in rows]}, ensure_ascii=False)


def _object(row: Row, now: datetime) -> dict[str, object]:
    plain = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in {"name", "what"}}
    times = {name: value.isoformat(timespec="seconds") for name, value in plain.items() if isinstance(value, datetime)}
    what = {"algorithm": row.what.algorithm, "purpose": row.what.purpose, "derived_from": row.what.source}
    return {"name": row.name, "state": row.state(now).value, **what, **plain, **times}


def _day(time: datetime | None) -> str:
    return "-" if time is None else f"{time:%Y-%m-%d}"


def _count(row: Row) -> str:
    used = "" if row.uses is None or row.limit is None else f", used {row.uses:,} of {row.limit:,}"
    return "" if row.count is None else f"{row.count}{used}"
