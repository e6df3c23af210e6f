"""Folders, and the proof that something may be moved to one.

Guarantees: an AllowedFolder comes from allow() or origin() only; allow() refuses by default: of the well-known folders
only TARGETS are allowed, nothing below a refused one, nothing hidden, and nothing at all while the special folders of
the mailbox are not known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Final, NewType, final

from gateway.graph.errors import FolderRefused
from gateway.graph.message import GraphFolderId, is_graph_id

DeniedFolders = NewType("DeniedFolders", frozenset[GraphFolderId])

# learn.microsoft.com/graph/api/resources/mailfolder, all of them: one $batch of at most 20 resolves the list.
WELL_KNOWN: Final = (
    "archive",
    "clutter",
    "conflicts",
    "conversationhistory",
    "deleteditems",
    "drafts",
    "inbox",
    "junkemail",
    "localfailures",
    "msgfolderroot",
    "outbox",
    "recoverableitemsdeletions",
    "scheduled",
    "searchfolders",
    "sentitems",
    "serverfailures",
    "syncissues",
)
TARGETS: Final = frozenset({"archive", "clutter", "inbox", "junkemail"})
_ALWAYS_THERE: Final = frozenset({"deleteditems", "drafts", "outbox", "sentitems"})  # Exchange lets nobody delete them
_ROOT: Final = "msgfolderroot"  # refused itself, but everything lies below it
_PROOF: Final = object()


@dataclass(frozen=True, slots=True)
class MailFolder:
    """One folder. name is the owner's or a stranger's text; total: messages in it; well_known: one of WELL_KNOWN."""

    id: GraphFolderId
    name: str = field(repr=False)
    parent_id: GraphFolderId | None
    total: int
    child_count: int
    hidden: bool
    well_known: str | None


@final
@dataclass(frozen=True, slots=True)
class AllowedFolder:
    """Proof that messages may be moved to this folder. Only allow() and origin() make one."""

    id: GraphFolderId
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        """Refuses everybody who isn't this module."""
        if proof is not _PROOF or not is_graph_id(self.id):
            raise FolderRefused


def denied_folders(folders: Iterable[MailFolder]) -> DeniedFolders:
    """The ids that allow() refuses, from all folders of one mailbox; FolderRefused if special folders are missing."""
    by_id = {folder.id: folder for folder in folders}
    special = {folder.id for folder in by_id.values() if folder.well_known and folder.well_known not in TARGETS}
    if not _ALWAYS_THERE.issubset(folder.well_known for folder in by_id.values()):
        raise FolderRefused
    roots = {folder_id for folder_id in special if by_id[folder_id].well_known != _ROOT}
    below = {folder_id for folder_id in by_id if _is_below(folder_id, roots, by_id)}
    return DeniedFolders(frozenset(special | below))


def allow(folder: MailFolder, *, denied: DeniedFolders) -> AllowedFolder:
    """Proof for a folder that the owner listed, or FolderRefused."""
    special = folder.well_known is not None and folder.well_known not in TARGETS
    if not denied or special or folder.hidden or folder.id in denied:
        raise FolderRefused
    return AllowedFolder(folder.id, _PROOF)


def origin(folder_id: GraphFolderId) -> AllowedFolder:
    """Proof for undo: the folder in which a journal entry says that we found the message."""
    return AllowedFolder(folder_id, _PROOF)


def _is_below(folder_id: GraphFolderId, roots: set[GraphFolderId], by_id: Mapping[GraphFolderId, MailFolder]) -> bool:
    """Climbs to the top. A circle of parents ends as well: each folder is visited once."""
    seen: set[GraphFolderId] = set()
    at: GraphFolderId | None = folder_id
    while at is not None and at in by_id and at not in seen:
        if at in roots:
            return True
        seen.add(at)
        at = by_id[at].parent_id
    return False
