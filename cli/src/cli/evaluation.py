"""What an evaluation says: how right the choices were, in tables for a terminal or as one JSON document.

Guarantees: names of folders, which may be anybody's, pass cli.untrusted before they reach a terminal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cli.accuracy import Answer, at_thresholds, calibration_error, reliability, share_right, worst
from cli.untrusted import short

WORST = 10  # folders that are told about
_BAR = 20  # columns of a share


def show(console: Console, answers: Sequence[Answer]) -> None:
    """The tables: in all, at each confidence, calibration, the folders that were missed most."""
    for line in _lines(answers, console.width):
        console.print(line, no_wrap=True, overflow="crop", crop=True)


def plain(answers: Sequence[Answer]) -> dict[str, Any]:
    """The same as one document for json: shares from 0 to 1."""
    return {
        "messages": len(answers),
        "accuracy": share_right(answers),
        "calibration_error": calibration_error(answers),
        "held": sum(answer.held for answer in answers),
        "first_of_their_folder": sum(not answer.known for answer in answers),
        "thresholds": [asdict(each) for each in at_thresholds(answers)],
        "reliability": [asdict(each) for each in reliability(answers)],
        "worst_folders": [asdict(each) for each in worst(answers, WORST)],
    }


def _lines(answers: Sequence[Answer], width: int) -> Iterator[Text]:
    new, held = sum(not answer.known for answer in answers), sum(answer.held for answer in answers)
    yield Text(f"{share_right(answers):.1%} of {len(answers):,} messages were chosen as you filed them.", "bold")
    yield Text(f"{new:,} were the first of their folder, which can't be right; {held:,} were held.")
    yield Text("\n  Sure at least   Share of all   Of these right", "bold")
    for each in at_thresholds(answers):
        yield Text(f"  {each.least:>13.0%}   {each.covered:>12.1%}   {each.right:>14.1%}")
    yield Text(f"\n  Said    Was right   Messages     calibration error {calibration_error(answers):.1%}", "bold")
    for one in reliability(answers):
        yield Text(f"  {one.confidence:>4.0%}   {one.right:>10.0%}   {one.count:>8,}   {'#' * round(_BAR * one.right)}")
    yield from _worst(answers, max((width - 40) // 2, 12))


def _worst(answers: Sequence[Answer], cells: int) -> Iterator[Text]:
    confused = worst(answers, WORST)
    if not confused:
        return
    yield Text(f"\n  {_padded('Missed most', cells)}   Filed   Found   Mostly chosen instead", "bold")
    for each in confused:
        instead = f"{short(each.instead, cells)} ({each.times:,})" if each.instead is not None else ""
        yield Text(f"  {_padded(short(each.folder, cells), cells)}   {each.filed:>5,}   {each.right:>5,}   {instead}")


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - cell_len(text))
