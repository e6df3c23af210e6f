"""What a path is, told by what is in it: names lie (an .mbox without a suffix, a .zip called .mbox).

Guarantees: a Kind or an UnreadableMailbox that says what was expected; at most HEAD bytes are read.
"""

from codecs import BOM_UTF8
from enum import StrEnum
from pathlib import Path

from sandbox.seeds.header import fields
from sandbox.seeds.maildir import is_maildir
from sandbox.seeds.tree import MAILBOX, MESSAGE
from sandbox.seeds.unreadable import UnreadableMailbox

HEAD = 65_536  # bytes

EXPECTED = (
    "Give an .mbox file, a Google Takeout .zip, a Maildir, a directory of .eml or .mbox files, "
    "or a .jsonl foldering stream."
)


class Kind(StrEnum):
    """What we can read."""

    MBOX = "mbox"
    MESSAGE = "message"
    STREAM = "foldering stream"
    ARCHIVE = "zip archive"
    DIRECTORY = "directory"


# First bytes of what people also have, and what makes it readable.
_FOREIGN = (
    (
        b"!BDN",
        "It is an Outlook data file (.pst).",
        "Convert it with `readpst -e -o DIRECTORY FILE` and give DIRECTORY.",
    ),
    (b"\xd0\xcf\x11\xe0", "It is an Outlook message (.msg).", "Save it from Outlook as .eml and give the directory."),
    (b"\x1f\x8b", "It is packed with gzip.", "Unpack it (`tar xzf FILE` or `gunzip FILE`) and give what comes out."),
    (b"\xfd7zXZ", "It is packed with xz.", "Unpack it and give what comes out."),
    (b"SQLite format 3", "It is a mail program's database.", "Export the mail from the program as .mbox or .eml."),
)


def kind_of(path: Path) -> Kind:
    """Raises UnreadableMailbox when path is nothing that we can read."""
    if path.is_dir():
        return _kind_of_directory(path)
    if not path.exists():
        raise UnreadableMailbox(f"{path} can't be read.", "There is no such file or directory.", EXPECTED)
    if not path.is_file():
        raise UnreadableMailbox(f"{path} can't be read.", "It is neither a file nor a directory.", EXPECTED)
    return _kind_of_file(path, _first_bytes(path))


def _kind_of_file(path: Path, head: bytes) -> Kind:
    for magic, why, what_to_do in _FOREIGN:
        if head.startswith(magic):
            raise UnreadableMailbox(f"{path} can't be read.", why, what_to_do)
    text = head.removeprefix(BOM_UTF8).lstrip()
    if not text:
        raise UnreadableMailbox(f"{path} can't be read.", "It is empty.", EXPECTED)
    if head.startswith(b"PK"):
        return Kind.ARCHIVE
    if text.startswith(b"{"):
        return Kind.STREAM
    if text.startswith(b"From "):
        return Kind.MBOX
    if fields(text):
        return Kind.MESSAGE
    raise UnreadableMailbox(f"{path} can't be read.", "It doesn't begin like mail.", EXPECTED)


def _kind_of_directory(path: Path) -> Kind:
    if is_maildir(path) or any(is_maildir(inner) for inner in path.rglob("*") if inner.is_dir()):
        return Kind.DIRECTORY
    if any(inner.suffix.lower() in {MESSAGE, MAILBOX} for inner in path.rglob("*")):
        return Kind.DIRECTORY
    raise UnreadableMailbox(f"{path} can't be read.", "No .eml, .mbox or Maildir is in this directory.", EXPECTED)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError as error:
        why = f"The system says: {error.strerror}."
        raise UnreadableMailbox(f"{path} can't be read.", why, "Check who may read the file.") from None
