"""The sample's own notation: who wrote, and a line a message.

    # a remark
    Name <address>
      to: address            from here on, instead of Nora's own address
      cc: address
      list: list id
      2026-01-09 08:14  subject           "! " before the subject: benign, although it sounds like an attack

Guarantees that a line which follows no rule is an error with its number: the sample is ours, so nothing is guessed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

NORA = "nora@kellerhouse.example"

_CORRESPONDENT = re.compile(r"(?P<name>\S.*) <(?P<address>\S+)>")
_SETTING = re.compile(r"  (?P<name>to|cc|list): (?P<value>.+)")
_MESSAGE = re.compile(r"  (?P<date>\d{4}-\d\d-\d\d \d\d:\d\d)  (?P<mark>! )?(?P<subject>\S.*)")


class Line(NamedTuple):
    """One message as it was written down. sent_at is UTC; sounds_hostile marks a hard negative."""

    sent_at: datetime
    subject: str
    sender_name: str
    sender_address: str
    recipients: tuple[str, ...]
    list_id: str | None
    sounds_hostile: bool


@dataclass
class _Correspondent:
    name: str
    address: str
    to: str = NORA
    cc: str | None = None
    list: str | None = None


def parse(lines: Iterable[str]) -> Iterator[Line]:
    """The messages of one file, in its order."""
    who: _Correspondent | None = None
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        if correspondent := _CORRESPONDENT.fullmatch(line):
            who = _Correspondent(**correspondent.groupdict())
        elif who and (setting := _SETTING.fullmatch(line)):
            setattr(who, setting["name"], setting["value"])
        elif who and (message := _MESSAGE.fullmatch(line)):
            yield _line(who, message)
        else:
            raise ValueError(f"line {number} is no correspondent, setting or message")


def _line(who: _Correspondent, message: re.Match[str]) -> Line:
    return Line(
        sent_at=datetime.strptime(message["date"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC),
        subject=message["subject"],
        sender_name=who.name,
        sender_address=who.address,
        recipients=(who.to, who.cc) if who.cc else (who.to,),
        list_id=who.list,
        sounds_hostile=message["mark"] is not None,
    )
