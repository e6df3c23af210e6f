"""The preview in a terminal: where each message goes, how sure, why; and what is held, with its evidence.

Guarantees: at any width from 60 columns up, where a message goes is never cut away by what a stranger wrote; every text
of a stranger passes cli.untrusted. Rows are written one by one, so that a hundred thousand need no memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cli.sorted_message import Evidence, SortedMessage
from cli.untrusted import short, visible
from cli.words import FIELDS, reason, technique

GAP = 2  # blanks between columns
SURE = 4  # columns of "100%"
NARROW = 60  # columns; below, lines are cut
ROOMY = 140  # columns from which reasons are told in full
BRIEF, FULL = 16, 43  # columns of a reason
SENDER = 24  # columns of a sender before its subject
MOST_EVIDENCE = 50  # held messages that are told about one by one; the rest is counted
MOST_FINDINGS = 3  # of one message
LEARNED = "SEN-11"  # rule ids of sentinel's learned detector: a rule points at its words more exactly
EXCERPT = 64  # columns of the words that sentinel found

_STYLES = {"move": "green", "keep": "dim", "review": "magenta", "held": "bold red"}
_SUMS = {"move": "to move", "keep": "to stay", "review": "to look at first", "held": "held"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths of one terminal's table, in cells."""

    goes: int
    message: int
    why: int
    in_full: bool

    @classmethod
    def of(cls, width: int) -> "Columns":
        """A share for each column; the message has what the others leave."""
        width = max(width, NARROW)
        in_full = width >= ROOMY
        goes, why = min(max(width // 6, 12), 28), FULL if in_full else BRIEF
        return cls(goes, width - goes - SURE - why - 3 * GAP, why, in_full)


def show(
    console: Console, messages: Iterable[SortedMessage], held: Sequence[SortedMessage], sums: Mapping[str, int]
) -> None:
    """The table of these messages, the evidence of those held, the sums over all."""
    columns = Columns.of(console.width)
    _line(console, _row(columns, ("Goes to", "Sure", "Message", "Why"), "bold"))
    shown = 0
    for shown, message in enumerate(messages, start=1):  # noqa: B007  # counted for the last line
        _line(console, row(columns, message))
    _held(console, held, sums["held"])
    console.print(summary(sums, shown))


def row(columns: Columns, message: SortedMessage) -> Text:
    """One message's line."""
    sure = f"{message.confidence:.0%}" if message.decision in {"move", "review"} else ""
    cells = (short(_goes(message), columns.goes), sure, _message(message, columns.message), _why(message, columns))
    return _row(columns, cells, _STYLES[message.decision])


def summary(sums: Mapping[str, int], shown: int) -> Text:
    """One line of sums, with the denominator."""
    total = sum(sums.values())
    parts = ", ".join(f"{number:,} {_SUMS[name]}" for name, number in sums.items())
    more = f" (the first {shown:,} are shown)" if shown < total else ""
    return Text(f"\nNothing has moved yet. {total:,} {_noun(total)}{more}: {parts}.", "bold")


def _goes(message: SortedMessage) -> str:
    if message.decision == "held":
        return "HELD"
    if message.decision == "keep" or message.folder is None:
        return "look first" if message.decision == "review" else "stays"
    return f"{message.folder}?" if message.decision == "review" else message.folder


def _message(message: SortedMessage, width: int) -> str:
    sender = short(message.sender_name or message.sender_address or "(no sender)", min(SENDER, width // 3))
    return short(f"{sender}: {visible(message.subject or '(no subject)')}", width)


def _why(message: SortedMessage, columns: Columns) -> str:
    strongest = message.findings[0].technique if message.reason == "suspicious" and message.findings else message.reason
    words = reason(strongest)
    return short(words.full if columns.in_full else words.brief, columns.why)


def _row(columns: Columns, cells: tuple[str, str, str, str], style: str) -> Text:
    goes, sure, message, why = cells
    text = Text(_padded(goes, columns.goes), style)
    text.append(f"{'':{GAP}}{sure:>{SURE}}{'':{GAP}}")
    text.append(_padded(message, columns.message), "" if style != "dim" else "dim")
    return text.append(f"{'':{GAP}}{why}")


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - cell_len(text))


def _line(console: Console, text: Text) -> None:
    console.print(text, no_wrap=True, overflow="crop", crop=True)


def _held(console: Console, held: Sequence[SortedMessage], total: int) -> None:
    if not total:
        return
    console.print(
        Text(f"\nHeld: {total:,} {_noun(total)}. Nothing reads them, no bulk approval moves them.", "bold red")
    )
    for message in held[:MOST_EVIDENCE]:
        console.print(evidence(message))
    if total > MOST_EVIDENCE:
        console.print(Text(f"\n... and {total - MOST_EVIDENCE:,} more"))


def evidence(message: SortedMessage) -> Text:
    """Who wrote what, and what sentinel found in it, the strongest first."""
    text = Text(f"\n  {visible(message.subject or '(no subject)', EXCERPT)}\n", "bold")
    text.append(f"  from {visible(message.sender_name or '')} <{visible(message.sender_address or '')}>", "dim")
    findings = _strongest(message.findings)
    for finding in findings[:MOST_FINDINGS]:
        text.append(f"\n    {_found(message, finding)}", "default")
    if len(findings) > MOST_FINDINGS:
        text.append(f"\n    and {len(findings) - MOST_FINDINGS} more", "default")
    return text


def _strongest(findings: Sequence[Evidence]) -> list[Evidence]:
    """One finding for each technique and field: a rule's before what was learned, the heaviest, then the longest."""
    best: dict[tuple[str, str], Evidence] = {}
    for finding in sorted(findings, key=_telling):
        best[finding.technique, finding.field] = finding
    return sorted(best.values(), key=lambda one: -one.weight)


def _telling(finding: Evidence) -> tuple[bool, float, int]:
    return (not finding.rule_id.startswith(LEARNED), finding.weight, finding.end - finding.start)


def _found(message: SortedMessage, finding: Evidence) -> str:
    where = FIELDS.get(finding.field, finding.field)
    words = _excerpt(message, finding)
    quoted = f': "{words}"' if words else ""
    return f"{technique(finding.technique).full} {where}{quoted} ({finding.rule_id})"


def _excerpt(message: SortedMessage, finding: Evidence) -> str:
    texts = {
        "subject": message.subject,
        "sender_name": message.sender_name,
        "sender_address": message.sender_address,
    }
    return short((texts.get(finding.field) or "")[finding.start : finding.end], EXCERPT, EXCERPT)


def _noun(count: int) -> str:
    return "message" if count == 1 else "messages"
