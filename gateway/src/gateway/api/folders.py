"""The folders of a mailbox: which of them mail may be filed in, and what the owner says about them."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer, Body
from gateway.organise import folders
from gateway.organise.folders import MAX_DESCRIPTION, Folder

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/folders", tags=["folders"])


class FolderAnswer(Answer):
    """A folder. total: messages in it; well_known: Graph's name for inbox and the like."""

    id: str
    name: str
    description: str | None
    chosen: bool
    total: int
    well_known: str | None


class FolderList(Answer):
    """All folders of the mailbox."""

    items: list[FolderAnswer]


class FolderChange(Body):
    """What to change; what is absent stays."""

    chosen: bool | None = None
    description: Annotated[str | None, Field(max_length=MAX_DESCRIPTION)] = None


@router.get("", operation_id="list_folders")
async def list_folders(mailbox: Mailbox, context: ContextOf) -> FolderList:
    """All folders, live from Microsoft."""
    return FolderList(items=[_answer(folder) for folder in await folders.refresh(context, mailbox)])


@router.patch("/{folder_id}", operation_id="change_folder")
async def change_folder(
    mailbox: Mailbox,
    folder_id: Annotated[str, Path(max_length=64)],
    change: FolderChange,
    context: ContextOf,
) -> FolderAnswer:
    """Chooses a folder for filing, or describes it."""
    folder = await folders.change(context, mailbox, folder_id, chosen=change.chosen, description=change.description)
    return _answer(folder)


def _answer(folder: Folder) -> FolderAnswer:
    return FolderAnswer.model_validate(folder)
