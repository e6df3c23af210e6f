"""A directory of mail: .eml files, .mbox files and Maildirs, at any depth.

Guarantees: files come in the order of their names; links to directories aren't followed, and only regular files are
opened (a pipe would wait for ever); one file that can't be opened is counted, not raised.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sandbox.seeds import folder, maildir, mbox
from sandbox.seeds.message import seed
from sandbox.seeds.reading import LeftOut, Outcome, Refusal

MESSAGE = ".eml"
MAILBOX = ".mbox"
_MAILBOX_OF_ALL = "all mail"  # Takeout's "All mail Including Spam and Trash.mbox" names no folder


def outcomes(root: Path, parts: tuple[str, ...] = ()) -> Iterator[Outcome]:
    """What every message below root is. parts: the folder names that led to root."""
    if maildir.is_maildir(root):
        yield from _delivered(root, parts)
    for entry in sorted(root.iterdir()):
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _below(entry, parts, in_maildir=maildir.is_maildir(root))
        elif entry.suffix.lower() == MESSAGE:
            yield from message(entry, folder.of_path(parts))
        elif entry.suffix.lower() == MAILBOX:
            yield from mailbox(entry, folder.of_path((*parts, *mailbox_parts(entry.stem))))


def message(path: Path, place: str | LeftOut | None, delivered: str = "") -> Iterator[Outcome]:
    """The outcome of a file that holds one message."""
    if isinstance(place, LeftOut):
        yield place
        return
    stream = _opened(path)
    if stream is None:
        yield Refusal.NOT_OPENED
        return
    with stream:
        yield seed(mbox.Head(stream.read(mbox.MAX_HEAD), delivered), place)


def mailbox(path: Path, place: str | LeftOut | None) -> Iterator[Outcome]:
    """The outcomes of an mbox file."""
    stream = _opened(path)
    if stream is None:
        yield Refusal.NOT_OPENED
        return
    with stream:
        for head in mbox.heads(stream):
            yield place if isinstance(place, LeftOut) else seed(head, place)


def mailbox_parts(stem: str) -> tuple[str, ...]:
    """The folder that an mbox's file name stands for."""
    return () if stem.casefold().startswith(_MAILBOX_OF_ALL) else (stem,)


def _below(entry: Path, parts: tuple[str, ...], *, in_maildir: bool) -> Iterator[Outcome]:
    if not in_maildir:
        yield from outcomes(entry, (*parts, entry.name))
    elif entry.name.startswith(".") and maildir.is_maildir(entry):
        yield from _delivered(entry, (*parts, *maildir.folder_parts(entry.name)))


def _delivered(root: Path, parts: tuple[str, ...]) -> Iterator[Outcome]:
    place = folder.of_path(parts)
    for path in maildir.files(root):
        yield from message(path, maildir.left_out(path) or place, maildir.delivered(path))


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb") if path.is_file() else None
    except OSError:
        return None
