"""Which folder a starter folder is adopted onto: one at the top that mail may be filed in."""

import pytest

from gateway.graph.errors import FolderRefused
from gateway.graph.folder import MailFolder
from gateway.graph.message import GraphFolderId
from gateway.organise.adopt import _by_name

ALWAYS = ("msgfolderroot", "inbox", "deleteditems", "drafts", "outbox", "sentitems")


def folder(
    name: str, parent: str | None = "MSGFOLDERROOT", *, hidden: bool = False, known: str | None = None
) -> MailFolder:
    parent_id = None if parent is None else GraphFolderId(parent)
    return MailFolder(GraphFolderId(name.upper()), name, parent_id, 0, 0, hidden, known)


SPECIAL = [folder(name, None if name == "msgfolderroot" else "MSGFOLDERROOT", known=name) for name in ALWAYS]


def test_a_folder_at_the_top_is_found_by_its_name_in_any_letter_case() -> None:
    """Outlook would refuse a second one."""
    assert _by_name([*SPECIAL, folder("TRAVEL")]) == {"travel": "TRAVEL"}


@pytest.mark.parametrize(
    "other",
    [
        folder("Travel", hidden=True),
        folder("Travel", "DELETEDITEMS"),
        folder("Travel", "INBOX"),
        folder("Travel", None),
        folder("Travel", known="archive"),
    ],
)
def test_no_other_folder_of_that_name_is_taken(other: MailFolder) -> None:
    """Hidden, in the bin or elsewhere below, of no known place, or a special one."""
    assert _by_name([*SPECIAL, other]) == {}


def test_without_the_special_folders_nothing_is_adopted() -> None:
    """Then nobody knows what may be filed in."""
    with pytest.raises(FolderRefused):
        _by_name([folder("Travel")])
