"""The one way into a mailbox: tells its kind and hands out its messages.

Guarantees: what can't be read at all is refused before the first message, by UnreadableMailbox.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never
from zipfile import BadZipFile

from sandbox.seeds import archive, stream, tree
from sandbox.seeds.kind import EXPECTED, Kind, kind_of
from sandbox.seeds.reading import Outcome, Reading
from sandbox.seeds.unreadable import UnreadableMailbox


def read(path: Path) -> Reading:
    """An iterator of SeedMessage that also counts what it refused and left out. Raises UnreadableMailbox."""
    return Reading(_outcomes(path, kind_of(path)))


def _outcomes(path: Path, kind: Kind) -> Iterator[Outcome]:
    match kind:
        case Kind.MBOX:
            return tree.mailbox(path, None)
        case Kind.MESSAGE:
            return tree.message(path, None)
        case Kind.STREAM:
            return stream.outcomes(path)
        case Kind.ARCHIVE:
            return _archived(path)
        case Kind.DIRECTORY:
            return tree.outcomes(path)
        case _:
            assert_never(kind)


def _archived(path: Path) -> Iterator[Outcome]:
    try:
        mail = archive.members(path)
    except (BadZipFile, OSError):
        raise UnreadableMailbox(f"{path} can't be read.", "The archive is damaged.", "Download it again.") from None
    if not mail:
        raise UnreadableMailbox(f"{path} can't be read.", "No .mbox or .eml is in this archive.", EXPECTED)
    return archive.outcomes(path, mail)
