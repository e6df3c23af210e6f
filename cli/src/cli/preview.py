"""The preview in a terminal: where each message goes, how sure, why; and what is held, with its evidence."""

from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli.sorted_message import SortedMessage
from cli.untrusted import short, visible

REASONS = {
    "sender": "mail from this sender is filed there",
    "thread": "this conversation is filed there",
    "domain": "mail from this domain is filed there",
    "recipients": "mail to these people is filed there",
    "words": "reads like mail filed there",
    "provider": "the AI provider chose it",
    "rule": "your rule",
    "not_sure": "not sure enough to move by itself",
    "suspicious": "something looks odd, see for yourself",
    "no_folder_fits": "no folder fits",
    "nothing_learned": "nothing learned yet",
    "already_there": "it is there already",
}

TECHNIQUES = {
    "override": "tells the reader to drop its instructions",
    "role_play": "gives the reader another role",
    "prompt_leak": "asks for the prompt or for secrets",
    "delimiter_spoofing": "imitates the channel between program and model",
    "folder_steering": "tells the sorter which folder to choose",
    "agent_action": "tells an agent to act",
    "authority": "claims authority over the reader",
    "encoded_payload": "hides a payload in an encoding",
    "hidden_characters": "hides characters from people",
    "look_alike_sender": "looks like another sender",
    "split_payload": "splits a payload over sender and subject",
    "unreadable": "could not be inspected",
}

_STYLES = {"move": "green", "keep": "dim", "review": "yellow", "held": "bold red"}
_GOES = {"keep": "(stays)", "held": "HELD"}


def show(console: Console, messages: Sequence[SortedMessage], sums: Mapping[str, int]) -> None:
    """The preview: a table of these messages, the evidence of those held, the sums over all."""
    console.print(_table(messages))
    held = [message for message in messages if message.decision == "held"]
    if held:
        console.print(Text(f"\nHeld ({len(held)}): nothing reads these, and no bulk approval moves them", "bold red"))
        console.print(Group(*(_evidence(message) for message in held)))
    console.print(summary(sums, len(messages)))


def summary(sums: Mapping[str, int], shown: int) -> Text:
    """One line of sums, with the denominator."""
    total = sum(sums.values())
    parts = " \u00b7 ".join(f"{number} {name}" for name, number in sums.items())
    more = f" ({shown} of them shown)" if shown < total else ""
    return Text(f"\nNothing has moved yet. {total} messages{more}: {parts}", "bold")


def _table(messages: Sequence[SortedMessage]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Message", ratio=5, no_wrap=True, overflow="ellipsis")
    table.add_column("Goes to", ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column("Sure", justify="right", no_wrap=True)
    table.add_column("Why", ratio=4, no_wrap=True, overflow="ellipsis")
    for message in messages:
        table.add_row(*_row(message), style=_STYLES[message.decision])
    return table


def _row(message: SortedMessage) -> tuple[Text, Text, Text, Text]:
    sender = short(message.sender_name or message.sender_address, 24)
    goes = _GOES.get(message.decision) or _suggestion(message)
    sure = f"risk {message.risk:.2f}" if message.decision == "held" else f"{message.confidence:.0%}"
    return Text(f"{sender}: {short(message.subject)}"), Text(short(goes, 28)), Text(sure), Text(_why(message))


def _suggestion(message: SortedMessage) -> str:
    if message.decision == "review":
        return f"? {message.folder}" if message.folder else "? (look first)"
    return message.folder or "(stays)"


def _why(message: SortedMessage) -> str:
    if message.decision == "held":
        return TECHNIQUES.get(message.reason, message.reason)
    return REASONS.get(message.reason, message.reason)


def _evidence(message: SortedMessage) -> Text:
    text = Text(f"  {visible(message.subject or '(no subject)')}\n", "red")
    text.append(f"    from {visible(message.sender_name or '')} <{visible(message.sender_address or '')}>\n", "dim")
    for finding in message.findings:
        what = TECHNIQUES.get(finding.technique, finding.technique)
        where = f"{finding.field} {finding.start}-{finding.end}"
        text.append(f"    {what}  ({where}, weight {finding.weight:.2f}, {finding.rule_id})\n", "default")
    return text
