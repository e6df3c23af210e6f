"""Reading a mailbox: folders, pages of metadata, where messages are.

Guarantees: everything that it returns was decoded into closed types; links that it returns are proven; an answer that
is about other messages than those asked for is refused.
Must never: return None for "where is it" unless Graph said 404.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Final, NewType, Protocol, TypeGuard, TypeVar

from msgspec import Raw

from gateway.graph import batch, wire
from gateway.graph.batch import MAX_BATCH, MAX_UNCHAINED, ReadBatch
from gateway.graph.errors import (
    NO_MAILBOX_CODES,
    AnswerGarbled,
    GraphError,
    GraphUnavailable,
    LinkRefused,
    NeedsSignIn,
    Refused,
    Throttled,
    or_raise,
)
from gateway.graph.folder import WELL_KNOWN, MailFolder
from gateway.graph.link import Asked, FolderLink, Links, PageLink
from gateway.graph.message import GraphFolderId, Message, MessageId
from gateway.graph.retry import PASSING, Patience, retry_after
from gateway.graph.transport import Transport
from gateway.graph.wire import Broken, ItemStatus, Listing

GraphUserId = NewType("GraphUserId", str)  # Entra's object id of the signed-in person
Key = TypeVar("Key")
T = TypeVar("T")
Asked_contra = TypeVar("Asked_contra", contravariant=True)

MAX_FOLDERS: Final = 5_000  # of one mailbox: more is a tree without end


class _Build(Protocol[Asked_contra]):
    def __call__(self, keys: Sequence[Asked_contra], /, *, chained: bool) -> ReadBatch: ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a folder. removed: deleted or moved away. next: more of this round; delta: the next round's start."""

    messages: tuple[Message, ...]
    removed: tuple[MessageId, ...]
    broken: tuple[Broken, ...]
    next: PageLink | None
    delta: PageLink | None


class Reader:
    """Reads one mailbox. Needs Mail.ReadBasic only, unless more is asked of messages than that gives."""

    def __init__(self, transport: Transport, asked: Asked) -> None:
        self._transport = transport
        self._asked = asked
        self._links = Links(transport.endpoint, asked)

    async def me(self) -> GraphUserId:
        """Whose mailbox this is."""
        return GraphUserId(or_raise(wire.person_id(await self._transport.get_me())))

    async def time_zone(self) -> str | None:
        """The owner's, by IANA's name; None when it is unknown. Refused without MailboxSettings.Read."""
        return or_raise(wire.time_zone(await self._transport.get_settings()))

    async def folders(self) -> list[MailFolder]:
        """All folders, nested and hidden ones too, and the special ones that are in no list (recoverable items)."""
        special = await self._special_folders()
        names = {folder.id: name for name, folder in special.items()}
        tree = await self._tree()
        unlisted = {folder.id: folder for folder in special.values() if folder.id not in tree}
        return [replace(folder, well_known=names.get(folder.id)) for folder in (*tree.values(), *unlisted.values())]

    def first_page(self, folder_id: GraphFolderId, size: int, *, total: int | None = None) -> PageLink:
        """Where to start. size: 1 to 1000 messages a page; total: MailFolder.total, which bounds the walk."""
        return self._links.first_page(folder_id, size=size, total=total)

    def resumed(self, folder_id: GraphFolderId, url: str, size: int, *, page: int = 1) -> PageLink:
        """Where to go on, from a link's url that was stored; LinkRefused if it isn't this folder's."""
        return self._links.resumed(folder_id, url, size=size, page=page)

    async def page(self, link: PageLink) -> Page:
        """One page of metadata."""
        return or_raise(_page(self._links, link, or_raise(wire.messages_page(await self._transport.get_page(link)))))

    async def written_to(self, size: int) -> list[tuple[str, ...]]:
        """To whom the owner's newest messages went, newest first, at most size (1 to 1000): To alone, no Cc or Bcc."""
        return or_raise(wire.sent_page(await self._transport.get_sent(self._links.sent(size))))

    async def locate(self, ids: Sequence[MessageId]) -> dict[MessageId, GraphFolderId | None]:
        """In which folder each message is; None: Graph says there is no such message."""
        found = await self._each(ids, batch.places, wire.place)
        if any(place is not None and place[0] != message_id for message_id, place in found.items()):
            raise AnswerGarbled
        return {message_id: None if place is None else place[1] for message_id, place in found.items()}

    async def messages(self, ids: Sequence[MessageId]) -> dict[MessageId, Message]:
        """Metadata of these messages, live. Those that are gone or can't be read are left out."""
        return or_raise(_asked_for(await self._each(ids, partial(batch.metadata, asked=self._asked), wire.message)))

    async def _special_folders(self) -> dict[str, MailFolder]:
        found = await self._each(WELL_KNOWN, batch.special_folders, wire.folder)
        return {name: folder for name, folder in found.items() if folder is not None}

    async def _tree(self) -> dict[GraphFolderId, MailFolder]:
        """Level by level from the top. A folder that is listed twice, or below itself, is visited once."""
        tree: dict[GraphFolderId, MailFolder] = {}
        parents: list[GraphFolderId | None] = [None]
        while parents:
            fresh = [folder for folder in await self._children(parents.pop()) if folder.id not in tree]
            tree |= {folder.id: folder for folder in fresh}
            parents += [folder.id for folder in fresh if folder.child_count > 0]
            if len(tree) > MAX_FOLDERS:
                raise AnswerGarbled
        return tree

    async def _children(self, parent: GraphFolderId | None) -> list[MailFolder]:
        """Whose child a folder is, we know from asking; a missing parentFolderId must not loosen the tree."""
        found: list[MailFolder] = []
        link: FolderLink | None = self._links.folders(parent)
        while link is not None:
            listing = or_raise(wire.folders_page(await self._transport.get_folders(link)))
            found += [replace(folder, parent_id=parent or folder.parent_id) for folder in listing.folders]
            link = self._links.following(link, listing.next_link)
        return found

    async def _each(
        self,
        keys: Sequence[Key],
        build: _Build[Key],
        decode: Callable[[Raw], T | GraphError],
    ) -> dict[Key, T | None]:
        """Each key's item, None where Graph says 404. What Graph puts off is asked for again, within bounds.

        In chains of 20 as long as everything is there; a 404 breaks a chain, so after one in fours without order.
        """
        found: dict[Key, T | None] = {}
        patience = Patience(self._transport.clock)
        waiting = list(dict.fromkeys(keys))
        while waiting:
            chained = None not in found.values()
            chunk = waiting[: MAX_BATCH if chained else MAX_UNCHAINED]
            content = self._transport.post_reads(build(chunk, chained=chained))
            items = dict(zip(chunk, or_raise(wire.read_items(await content, len(chunk), decode)), strict=True))
            found |= {key: _settled(item) for key, item in items.items() if not _is_open(item)}
            waiting = [key for key in waiting if key not in found]
            if all(map(_is_open, items.values())) and not any(map(_is_put_off, items.values())):
                raise AnswerGarbled  # each waits for another: asking again would go on for ever
            await self._wait(patience, [item for item in items.values() if _is_put_off(item)])
        return found

    async def _wait(self, patience: Patience, put_off: Sequence[ItemStatus]) -> None:
        if not put_off:
            return
        now = self._transport.clock.wall()
        pauses = [pause for item in put_off if (pause := retry_after(item.retry_after, now)) is not None]
        after = max(pauses, default=None)
        throttled = any(item.status == HTTPStatus.TOO_MANY_REQUESTS for item in put_off)
        self._transport.pause(after or 0.0)
        await patience.wait(after, Throttled(after) if throttled else GraphUnavailable(after))


def _page(links: Links, link: PageLink, listing: Listing) -> Page | GraphError:
    """A refused link is returned without its traceback, whose frames hold the page."""
    try:
        return Page(
            messages=listing.messages,
            removed=listing.removed,
            broken=listing.broken,
            next=links.following(link, listing.next_link),
            delta=links.round_after(link, listing.delta_link),
        )
    except LinkRefused as refused:
        return refused.with_traceback(None)


def _asked_for(found: Mapping[MessageId, Message | Broken | None]) -> dict[MessageId, Message] | GraphError:
    whole = {message_id: message for message_id, message in found.items() if isinstance(message, Message)}
    return whole if all(message.id == message_id for message_id, message in whole.items()) else AnswerGarbled()


def _is_put_off(item: object) -> TypeGuard[ItemStatus]:
    return isinstance(item, ItemStatus) and item.status in PASSING


def _is_open(item: object) -> bool:
    """Not answered yet: put off, or behind one in its chain that failed."""
    return _is_put_off(item) or (isinstance(item, ItemStatus) and item.status == HTTPStatus.FAILED_DEPENDENCY)


def _settled(item: T | ItemStatus) -> T | None:
    if not isinstance(item, ItemStatus):
        return item
    if item.status == HTTPStatus.UNAUTHORIZED:
        raise NeedsSignIn
    if item.status == HTTPStatus.NOT_FOUND and item.reason not in NO_MAILBOX_CODES:
        return None
    raise Refused(item.reason)
