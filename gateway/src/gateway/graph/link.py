"""Links to pages, and the proof that one may be followed.

Guarantees: a PageLink or FolderLink names the configured host over https and one fixed collection, and comes from a
first page of ours or from a nextLink or deltaLink that says exactly the same place; a walk ends after as many pages as
the folder can have, and at once when it comes back to where it was.
Must never: parse an address and trust the parts. A link is compared with what we would have written ourselves; an
$expand that it carries is ours to the letter, and only where ours has one.
"""

import re
from collections.abc import Collection
from dataclasses import InitVar, dataclass, field
from enum import Enum
from typing import Final, Self, TypeVar, final
from urllib.parse import quote, unquote_plus

from gateway.graph.endpoint import Endpoint
from gateway.graph.errors import LinkRefused
from gateway.graph.message import GraphFolderId, is_graph_id

# The one list of what is asked of a message. internetMessageHeaders is left out: it holds every header.
MESSAGE_SELECT: Final = (
    "id,parentFolderId,subject,from,toRecipients,ccRecipients,receivedDateTime,isDraft,conversationId,flag"
)
# List-Id, and no other header: the named property in which Exchange keeps it. The set is PS_INTERNET_HEADERS, whose
# names Exchange folds to lower case (MS-OXCPRPT 3.2.5.10) and Graph compares as they are.
LIST_ID_PROPERTY: Final = "String {00020386-0000-0000-C000-000000000046} Name list-id"
LIST_ID_EXPAND: Final = f"singleValueExtendedProperties($filter=id eq '{LIST_ID_PROPERTY}')"
SENT_SELECT: Final = "id,toRecipients"  # of what the owner sent: to whom, and nothing else
FOLDER_SELECT: Final = "id,displayName,parentFolderId,childFolderCount,totalItemCount,isHidden"
MAX_PAGE_SIZE: Final = 1000  # messages; Graph's own limit for $top
FOLDER_PAGE_SIZE: Final = 100  # folders
MAX_LINK: Final = 16_384  # characters; delta tokens of real mailboxes stay under 4,000
SMALLEST_PAGE: Final = 10  # messages; Graph's default, in case it ignores the size that we ask for
SPARE_PAGES: Final = 16  # for mail that arrives while we read, and pages that Graph leaves empty
MAX_ROUND: Final = 10_000  # pages of a walk of which no total is known, as of one from a stored link
MAX_WALK: Final = 100_000  # pages, whatever total the server claims: a million messages at Graph's smallest page
MAX_FOLDER_PAGES: Final = 100

_READS_PROPERTIES: Final = frozenset({"Mail.Read", "Mail.ReadWrite"})  # Mail.ReadBasic gives no extended property
_ESCAPED_EXPAND: Final = quote(LIST_ID_EXPAND, safe="()$=")
_PROOF: Final = object()
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9\-._~:/?!$&'()*+,;=%]+")  # RFC 3986 without # [ ] and @
_ESCAPES: Final = {"%3d": "=", "%27": "'", "%28": "(", "%29": ")"}  # what a folder id in a path may need
_OPTIONS: Final = frozenset(
    {"$count", "$deltatoken", "$filter", "$orderby", "$select", "$skip", "$skiptoken", "$top", "includehiddenfolders"},
)


class Asked(Enum):
    """What is asked of every message: one of two fixed questions. The value is the query of an address."""

    METADATA = f"$select={MESSAGE_SELECT}"
    WITH_LIST_ID = f"$select={MESSAGE_SELECT}&$expand={_ESCAPED_EXPAND}"

    @classmethod
    def of(cls, scopes: Collection[str]) -> "Asked":
        """The most that these permissions allow."""
        return cls.METADATA if _READS_PROPERTIES.isdisjoint(scopes) else cls.WITH_LIST_ID


@dataclass(frozen=True, slots=True)
class _Link:
    """url may be stored (encrypted) and resumed. page: which page of the walk this is, from 1."""

    url: str = field(repr=False)
    folder_id: GraphFolderId | None
    size: int
    page: int
    last: int
    mark: str = field(repr=False)
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        """Refuses everybody who isn't this module."""
        if proof is not _PROOF:
            raise LinkRefused

    def _next(self, url: str) -> Self:
        """Brent's cycle finder: a mark, moved at each power of two, is met again in every circle."""
        if self.page >= self.last or url in (self.url, self.mark):
            raise LinkRefused
        mark = self.url if self.page.bit_count() == 1 else self.mark
        return type(self)(url, self.folder_id, self.size, self.page + 1, self.last, mark, _PROOF)


@final
class PageLink(_Link):
    """Proof that this page of a folder's messages may be read. folder_id is never None here."""

    __slots__ = ()


@final
class FolderLink(_Link):
    """Proof that this page of a mailbox's folders may be read. folder_id: the parent, None at the top."""

    __slots__ = ()


@final
class SentLink(_Link):
    """Proof that the newest of what the owner sent may be read. There is no next page."""

    __slots__ = ()


Link = TypeVar("Link", PageLink, FolderLink)


@dataclass(frozen=True, slots=True)
class Links:
    """The only maker of links."""

    endpoint: Endpoint
    asked: Asked

    def first_page(self, folder_id: GraphFolderId, *, size: int, total: int | None) -> PageLink:
        """The first page of a folder's messages. size: messages a page; total: how many the folder says it holds."""
        last = MAX_ROUND if total is None else min(-(-max(total, 0) // SMALLEST_PAGE) + SPARE_PAGES, MAX_WALK)
        url = self.endpoint.url(f"/me/mailFolders/{_segment(folder_id)}/messages/delta?{self.asked.value}")
        return PageLink(url, folder_id, _page_size(size), 1, last, "", _PROOF)

    def resumed(self, folder_id: GraphFolderId, url: str, *, size: int, page: int = 1) -> PageLink:
        """A nextLink or deltaLink that was stored. It is checked again: a database row is no proof."""
        _segment(folder_id)
        self._check(url, folder_id, PageLink)
        return PageLink(url, folder_id, _page_size(size), page, MAX_ROUND, "", _PROOF)

    def folders(self, parent: GraphFolderId | None) -> FolderLink:
        """The first page of the folders below parent, or of those at the top."""
        path = "/me/mailFolders" if parent is None else f"/me/mailFolders/{_segment(parent)}/childFolders"
        query = f"$select={FOLDER_SELECT}&$top={FOLDER_PAGE_SIZE}&includeHiddenFolders=true"
        url = self.endpoint.url(f"{path}?{query}")
        return FolderLink(url, parent, FOLDER_PAGE_SIZE, 1, MAX_FOLDER_PAGES, "", _PROOF)

    def sent(self, size: int) -> SentLink:
        """The newest messages of Sent Items, at most size."""
        query = f"$select={SENT_SELECT}&$top={_page_size(size)}&$orderby=receivedDateTime%20desc"
        url = self.endpoint.url(f"/me/mailFolders/sentitems/messages?{query}")
        return SentLink(url, None, size, 1, 1, "", _PROOF)

    def following(self, link: Link, url: str | None) -> Link | None:
        """The next page of the same walk, from the answer's nextLink; LinkRefused if it isn't."""
        if url is None:
            return None
        self._check(url, link.folder_id, type(link))
        return link._next(url)  # noqa: SLF001  # module-private: nobody else may lengthen a walk

    def round_after(self, link: PageLink, url: str | None) -> PageLink | None:
        """The start of the next round, from the answer's deltaLink; LinkRefused if it is of another place."""
        if url is None or link.folder_id is None:
            return None
        return self.resumed(link.folder_id, url, size=link.size)

    def _check(self, url: str, folder_id: GraphFolderId | None, kind: type[_Link]) -> None:
        """(1) plain characters (2) our origin, literally (3) the collection's path (4) options that widen nothing."""
        if len(url) > MAX_LINK or not _PRINTABLE.fullmatch(url):  # (1)
            raise LinkRefused
        start = self.endpoint.url("/")
        if not url.startswith(start):  # (2)
            raise LinkRefused
        path, _, query = url[len(start) :].partition("?")
        if not _collection(folder_id, kind).fullmatch(_unescaped(path)):  # (3)
            raise LinkRefused
        if not self._widens_nothing(query, kind):  # (4)
            raise LinkRefused

    def _widens_nothing(self, query: str, kind: type[_Link]) -> bool:
        """Whether every option is a known one, and $select and $expand ask for ours alone. $search is not known."""
        allowed = set((MESSAGE_SELECT if kind is PageLink else FOLDER_SELECT).split(","))
        expands = kind is PageLink and self.asked is Asked.WITH_LIST_ID
        for option in query.split("&") if query else ():
            name, _, value = (unquote_plus(part) for part in option.partition("="))
            if name.lower() == "$expand" and expands and value == LIST_ID_EXPAND:
                continue
            if name.lower() not in _OPTIONS or (name.lower() == "$select" and not set(value.split(",")) <= allowed):
                return False
        return True


def _collection(folder_id: GraphFolderId | None, kind: type[_Link]) -> re.Pattern[str]:
    """OData's spellings of one path: a key as a segment or in parentheses, a function with () or without."""
    if folder_id is None:
        return re.compile(r"me/(?i:mailFolders)")
    key = re.escape(folder_id)
    end = r"messages/delta(?:\(\))?" if kind is PageLink else "childFolders"
    return re.compile(rf"me/(?i:mailFolders)(?:/{key}|\('{key}'\))/(?i:{end})")


def _unescaped(path: str) -> str:
    """Only what an id may need. An escaped slash or dot stays escaped, and so matches nothing."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda found: _ESCAPES.get(found[0].lower(), found[0]), path)


def _segment(folder_id: GraphFolderId) -> GraphFolderId:
    if not is_graph_id(folder_id):
        raise LinkRefused
    return folder_id


def _page_size(size: int) -> int:
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise ValueError(f"page size: 1 to {MAX_PAGE_SIZE} messages")
    return size
