"""Nothing moves to a folder for which there is no proof."""

from dataclasses import replace

import pytest

from gateway.graph.errors import FolderRefused
from gateway.graph.folder import WELL_KNOWN, AllowedFolder, DeniedFolders, MailFolder, allow, denied_folders, origin
from gateway.graph.message import GraphFolderId


def folder(name: str, parent: str | None = "ROOT", well_known: str | None = None, **fields: object) -> MailFolder:
    made = MailFolder(
        id=GraphFolderId(name),
        name=name,
        parent_id=None if parent is None else GraphFolderId(parent),
        total=0,
        child_count=0,
        hidden=False,
        well_known=well_known,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # a plain str


def mailbox() -> list[MailFolder]:
    special = [folder(name.upper(), well_known=name) for name in WELL_KNOWN if name != "msgfolderroot"]
    root = folder("ROOT", parent=None, well_known="msgfolderroot")
    return [root, *special, folder("Bills"), folder("Old", parent="Bills"), folder("Binned", parent="DELETEDITEMS")]


def named(name: str) -> MailFolder:
    return next(found for found in mailbox() if found.name == name)


@pytest.mark.parametrize("name", ["Bills", "Old", "INBOX", "ARCHIVE", "JUNKEMAIL"])
def test_listed_folder_is_allowed(name: str) -> None:
    """The owner's folders, the inbox and the archive may be moved to."""
    assert allow(named(name), denied=denied_folders(mailbox())).id == name


@pytest.mark.parametrize(
    "name",
    [
        "DELETEDITEMS",
        "RECOVERABLEITEMSDELETIONS",
        "DRAFTS",
        "OUTBOX",
        "SENTITEMS",
        "SCHEDULED",
        "ROOT",
        "SEARCHFOLDERS",
    ],
)
def test_special_folder_is_refused(name: str) -> None:
    """Moving there would delete, send or falsify; listing the folder does not help."""
    with pytest.raises(FolderRefused):
        allow(named(name), denied=denied_folders(mailbox()))


def test_special_folder_is_refused_by_id() -> None:
    """A bin that lost its well-known name on the way is still known by its id."""
    with pytest.raises(FolderRefused):
        allow(replace(named("DELETEDITEMS"), well_known=None), denied=denied_folders(mailbox()))


def test_special_folder_is_refused_by_name() -> None:
    """A bin whose id is not on the list, as of another mailbox, is still known by its name."""
    with pytest.raises(FolderRefused):
        allow(folder("ELSEWHERE", well_known="deleteditems"), denied=denied_folders(mailbox()))


def test_folder_in_the_bin_is_refused() -> None:
    """What lies below deleted items is emptied with them, however deep it lies."""
    folders = [*mailbox(), folder("Deeper", parent="Binned")]
    for name in ("Binned", "Deeper"):
        with pytest.raises(FolderRefused):
            allow(folder(name), denied=denied_folders(folders))


def test_hidden_folder_is_refused() -> None:
    """The owner could not see where the message went."""
    with pytest.raises(FolderRefused):
        allow(folder("Bills", hidden=True), denied=denied_folders(mailbox()))


@pytest.mark.parametrize("missing", ["deleteditems", "drafts", "outbox", "sentitems"])
def test_nothing_is_allowed_while_special_folders_are_unknown(missing: str) -> None:
    """A mailbox without a bin is one that we did not read to the end."""
    with pytest.raises(FolderRefused):
        denied_folders(found for found in mailbox() if found.well_known != missing)
    with pytest.raises(FolderRefused):
        allow(named("Bills"), denied=DeniedFolders(frozenset()))


def test_circle_of_parents_ends() -> None:
    """A tree that Graph tells wrongly does not hang us."""
    folders = [*mailbox(), folder("A", parent="B"), folder("B", parent="A")]
    assert allow(folder("A", parent="B"), denied=denied_folders(folders)).id == "A"


def test_nobody_else_makes_a_proof() -> None:
    """Neither the constructor nor replace() makes an AllowedFolder."""
    with pytest.raises(FolderRefused):
        AllowedFolder(GraphFolderId("DELETEDITEMS"), object())
    with pytest.raises(ValueError, match="proof"):
        replace(origin(GraphFolderId("Bills")), id=GraphFolderId("DELETEDITEMS"))


@pytest.mark.parametrize("folder_id", ["", "deleted items", "../x", "a/b", "a.b"])
def test_origin_is_an_id(folder_id: str) -> None:
    """A journal entry that was tampered with can't be a path."""
    with pytest.raises(FolderRefused):
        origin(GraphFolderId(folder_id))


def test_origin_allows_undo() -> None:
    """What was moved goes back to where it was found."""
    assert origin(GraphFolderId("INBOX")).id == "INBOX"
