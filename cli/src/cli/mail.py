"""A mailbox in memory, for sorting offline: what its owner filed, what is to be sorted, and where it may go."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.unusable import Unusable
from gateway.organise.choice import FolderKey
from gateway.organise.folders import MAX_CHOSEN
from gateway.starter.starter import Language, starter_folders
from mail_organiser.columns import MAX_RECIPIENTS, MessageText
from mail_organiser.list_id import bare_list_id
from sandbox import seeds
from sandbox.seed_message import SeedMessage

TOLD_EVERY = 1000  # messages, while reading
MAX_NAMES = 1 << 16  # bytes of a file of folder names: 200 names of Graph's longest are far less


@dataclass(frozen=True, slots=True)
class Mail:
    """filed: oldest first. inbox: in the mailbox's order. folders: names to keys. summary: what became of all mail.

    descriptions: of starter folders, which stand in where nobody named a folder; else there are none.
    """

    filed: Sequence[SeedMessage]
    inbox: Sequence[SeedMessage]
    folders: dict[str, FolderKey]
    summary: str
    descriptions: dict[str, str]


def read(path: Path, folders: Path | None, limit: int | None, told: Callable[[int], None]) -> Mail:
    """Reads a mailbox; told hears how far it is. limit: of mail to be sorted. Raises UnreadableMailbox, Unusable."""
    named = names(folders) if folders is not None else []
    reading = seeds.read(path)
    filed: list[SeedMessage] = []
    inbox: list[SeedMessage] = []
    for number, message in enumerate(reading, start=1):
        (inbox if message.folder is None else filed).append(message)
        if number % TOLD_EVERY == 0:
            told(number)
    starters = {} if filed or named else _starters()
    keys = _keys(Counter(message.folder or "" for message in filed), [*named, *starters])
    kept = sorted((message for message in filed if message.folder in keys), key=lambda message: message.received_at)
    return Mail(kept, inbox[:limit], keys, _summary(reading, len(filed) - len(kept)), starters)


def names(path: Path) -> list[str]:
    """Folder names from a file, one a line; blank lines and repeats are left out."""
    try:
        with path.open("rb") as file:
            lines = file.read(MAX_NAMES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Unusable(
            f"{path} can't be used for --folders.",
            "It isn't UTF-8 text.",
            "Give a text file with one folder name a line.",
        ) from None
    except OSError as error:
        raise Unusable(
            f"{path} can't be read.", f"The system says: {error.strerror}.", "Give a text file that you may read."
        ) from None
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def text_of(message: SeedMessage) -> MessageText:
    """Everything of a message that sentinel and classifier see."""
    recipients = tuple(recipient.address for recipient in message.recipients[:MAX_RECIPIENTS])
    list_id = bare_list_id(message.list_id)
    return MessageText(message.subject, message.sender_name, message.sender_address, list_id, recipients)


def _starters() -> dict[str, str]:
    """Names and descriptions of the published starter folders."""
    return {
        starter.name(Language.ENGLISH): starter.description(Language.ENGLISH) for starter in starter_folders().values()
    }


def _keys(filed: Counter[str], named: Sequence[str]) -> dict[str, FolderKey]:
    """The folders that may be chosen: those asked for, then the fullest, as many as a choice may name."""
    wanted = dict.fromkeys([*named, *(name for name, _ in filed.most_common())])
    return {name: FolderKey(f"fld_{number}") for number, name in enumerate(list(wanted)[:MAX_CHOSEN])}


def _summary(reading: seeds.Reading, passed_over: int) -> str:
    return reading.summary() + (f", {passed_over} in folders past the {MAX_CHOSEN} fullest" if passed_over else "")
