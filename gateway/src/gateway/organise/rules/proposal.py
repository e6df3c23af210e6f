"""From what the owner said of messages one by one to rules worth proposing. Pure, on keyed hashes: no text is needed.

Proposed is what the last THRESHOLD words about a sender, a list or an organisation agree on. One word may be about one
message, two a coincidence; the third time the same thing is done by hand is the first time that a person thinks of a
rule. The wider a rule reaches, the more different senders must have been meant: what one sender sent, a rule for that
sender says as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.organise.choice import FolderKey
from gateway.store.codes import MatcherKind

THRESHOLD: Final = 3
SENDERS: Final[Mapping[MatcherKind, int]] = {
    MatcherKind.SENDER: 1,
    MatcherKind.LIST: 2,
    MatcherKind.ORGANISATION: 3,
}  # different ones among these words


@dataclass(frozen=True, slots=True)
class Word:
    """What the owner said of one message: the folder it belongs in, None for where it was. Hashes are keyed."""

    message_id: str
    folder: FolderKey | None
    sender_hash: bytes
    list_hash: bytes | None
    organisation_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule that could be: of which kind, known by which hash, into which folder. message_id: one to read it from."""

    kind: MatcherKind
    keyed_hash: bytes
    folder: FolderKey
    count: int
    message_id: str


_HASH_OF: Final[Mapping[MatcherKind, Callable[[Word], bytes | None]]] = {
    MatcherKind.SENDER: lambda word: word.sender_hash,
    MatcherKind.LIST: lambda word: word.list_hash,
    MatcherKind.ORGANISATION: lambda word: word.organisation_hash,
}


def proposals(words: Iterable[Word]) -> list[Proposal]:
    """Of words, the newest first. The narrowest kinds first; within a kind, what was said last."""
    told = list(words)
    found = [_agreed(kind, keyed_hash, group) for kind in MatcherKind for keyed_hash, group in _groups(kind, told)]
    return [one for one in found if one is not None]


def _groups(kind: MatcherKind, words: Sequence[Word]) -> Iterable[tuple[bytes, list[Word]]]:
    groups: dict[bytes, list[Word]] = {}
    for word in words:
        if keyed_hash := _HASH_OF[kind](word):
            groups.setdefault(keyed_hash, []).append(word)
    return groups.items()


def _agreed(kind: MatcherKind, keyed_hash: bytes, group: Sequence[Word]) -> Proposal | None:
    last = group[:THRESHOLD]
    folder = last[0].folder
    if len(last) < THRESHOLD or folder is None or any(word.folder != folder for word in last):
        return None
    if len({word.sender_hash for word in group if word.folder == folder}) < SENDERS[kind]:
        return None
    count = sum(word.folder == folder for word in group)
    return Proposal(kind, keyed_hash, folder, count, last[0].message_id)
