"""A Takeout .zip: its .mbox and .eml members, read without unpacking to disk.

Guarantees: members stream, so that memory doesn't grow with what they unpack to; a damaged or encrypted member is
counted once and the next one is read. Never writes a file, so that no member's name can point anywhere.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from sandbox.seeds import folder, mbox, tree
from sandbox.seeds.message import seed
from sandbox.seeds.reading import LeftOut, Outcome, Refusal

_WRAPPING = frozenset({"takeout", "mail", "gmail"})  # directories of the export, not of the owner
# zipfile raises RuntimeError for a member that needs a password, NotImplementedError for an unknown compression.
_DAMAGE = (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


def members(path: Path) -> list[ZipInfo]:
    """The members that are mail, in the order of their names. Raises BadZipFile or OSError."""
    with ZipFile(path) as archive:
        mail = [member for member in archive.infolist() if _suffix(member) in {tree.MAILBOX, tree.MESSAGE}]
    return sorted(mail, key=lambda member: member.filename)


def outcomes(path: Path, mail: list[ZipInfo]) -> Iterator[Outcome]:
    """What every message of these members is."""
    with ZipFile(path) as archive:
        for member in mail:
            try:
                with archive.open(member) as stream:
                    yield from _outcomes(member, stream)
            except _DAMAGE:
                yield Refusal.DAMAGED


def _outcomes(member: ZipInfo, stream: IO[bytes]) -> Iterator[Outcome]:
    parts = tuple(part for part in PurePosixPath(member.filename).parent.parts if part.casefold() not in _WRAPPING)
    if _suffix(member) == tree.MESSAGE:
        place = folder.of_path(parts)
        yield place if isinstance(place, LeftOut) else seed(mbox.Head(stream.read(mbox.MAX_HEAD)), place)
        return
    place = folder.of_path((*parts, *tree.mailbox_parts(PurePosixPath(member.filename).stem)))
    for head in mbox.heads(stream):
        yield place if isinstance(place, LeftOut) else seed(head, place)


def _suffix(member: ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()
