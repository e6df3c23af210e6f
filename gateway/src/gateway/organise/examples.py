"""Messages that the owner filed, to be shown to a provider: read live, cleared again, and kept in memory for one scan.

Nothing of them is written anywhere. After a crash they are read from Graph again.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chassis.errors import ServiceError
from gateway.clients.sentinel import Purpose, SentinelClient, Word
from gateway.organise.choice import FolderKey
from gateway.organise.verdict import Outcome
from mail_organiser.columns import FolderText, MessageText

MOST: Final = 500  # of one scan: one inspection holds 512 items
FRESH: Final = 60.0  # seconds that a clearance of examples is used; it is good for 120
SCANS: Final = 64  # whose examples are in memory; the one used longest ago goes first


@dataclass(frozen=True, slots=True)
class Example:
    """A filed message and its folder."""

    text: MessageText
    folder: FolderKey


@dataclass(frozen=True, slots=True)
class Shown:
    """Examples that sentinel cleared, and its word over them. labels are indexes into the folders of one request."""

    word: Word
    texts: Sequence[MessageText]
    labels: Sequence[int]


def newest_of_each(examples: Sequence[Example]) -> list[Example]:
    """At most MOST, each folder's share as large as the others'; oldest first in, oldest first out."""
    ranks: dict[FolderKey, int] = {}
    ranked: list[tuple[int, int]] = []
    for at in reversed(range(len(examples))):
        rank = ranks[examples[at].folder] = ranks.get(examples[at].folder, 0) + 1
        ranked.append((rank, -at))
    return [examples[at] for at in sorted(-at for _, at in sorted(ranked)[:MOST])]


class Showing:
    """One scan's examples: cleared when they are used, and again when the clearance is older than fresh seconds."""

    def __init__(self, sentinel: SentinelClient, examples: Sequence[Example], fresh: float = FRESH) -> None:
        self._sentinel = sentinel
        self._seconds = fresh
        self._examples = examples
        self._cleared: tuple[float, Word, list[Example]] | None = None

    async def shown(self, folders: Sequence[FolderText]) -> Shown | None:
        """Those of the offered folders; None when there are none or sentinel can't say."""
        place = {folder.id: at for at, folder in enumerate(folders)}
        try:
            word, clean = await self._fresh()
        except ServiceError:
            return None  # the provider is then asked without any
        offered = [one for one in clean if one.folder in place]
        if not offered:
            return None
        return Shown(word, [one.text for one in offered], [place[one.folder] for one in offered])

    async def _fresh(self) -> tuple[Word, list[Example]]:
        if self._cleared is None or time.monotonic() - self._cleared[0] > self._seconds:
            asked = time.monotonic()
            inspection = await self._sentinel.inspect([one.text for one in self._examples], [], Purpose.EXAMPLE)
            pairs = zip(self._examples, inspection.messages, strict=True)
            clean = [one for one, verdict in pairs if verdict.outcome is Outcome.CLEAN]
            self._cleared = (asked, inspection.word, clean)
        return self._cleared[1:]


class Memory:
    """The examples of the scans that run now. read: reads them again, for who comes after a crash."""

    def __init__(self, sentinel: SentinelClient) -> None:
        self._sentinel = sentinel
        self._kept: OrderedDict[str, Showing] = OrderedDict()

    def keep(self, scan_id: str, examples: Sequence[Example]) -> Showing:
        """For as long as the scan lasts."""
        showing = self._kept[scan_id] = Showing(self._sentinel, newest_of_each(examples))
        self._kept.move_to_end(scan_id)
        while len(self._kept) > SCANS:
            self._kept.popitem(last=False)
        return showing

    async def of(self, scan_id: str, read: Callable[[], Awaitable[Sequence[Example]]]) -> Showing:
        """What is kept, or what is read."""
        return self._kept.get(scan_id) or self.keep(scan_id, await read())

    def forget(self, scan_id: str) -> None:
        """The scan has ended."""
        self._kept.pop(scan_id, None)
