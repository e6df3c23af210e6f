"""The folders of a mailbox: which of them mail may be filed in, and what the owner says about them."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer, Body
from gateway.organise import adopt, folders, forget
from gateway.organise.folders import MAX_DESCRIPTION
from gateway.starter.starter import Language

MAX_ADOPTED = 32  # in one request; there are less starter folders
router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/folders", tags=["folders"])


class ChosenAnswer(Answer):
    """What is kept of a folder. Whatever else there is of it, Microsoft has: the list of folders asks for it."""

    id: str
    name: str
    description: str | None
    chosen: bool


class ChosenList(Answer):
    """The folders that were adopted, in the order asked for."""

    items: list[ChosenAnswer]


class FolderAnswer(ChosenAnswer):
    """A folder. total: messages in it; well_known: Graph's name for inbox and the like."""

    total: int
    well_known: str | None


class FolderList(Answer):
    """All folders of the mailbox."""

    items: list[FolderAnswer]


class FolderChange(Body):
    """What to change; what is absent stays."""

    chosen: bool | None = None
    description: Annotated[str | None, Field(max_length=MAX_DESCRIPTION)] = None


class AdoptedFolder(Body):
    """A starter folder by its id; description: other words for it than the published ones."""

    starter_id: Annotated[str, Field(max_length=32)]
    description: Annotated[str | None, Field(min_length=1, max_length=MAX_DESCRIPTION)] = None


class Adoption(Body):
    """Which starter folders, by names of which language."""

    folders: Annotated[list[AdoptedFolder], Field(min_length=1, max_length=MAX_ADOPTED)]
    language: Annotated[Language, Field(strict=False)] = Language.ENGLISH  # JSON has strings, not members of an enum


@router.get("", operation_id="list_folders")
async def list_folders(mailbox: Mailbox, context: ContextOf) -> FolderList:
    """All folders, live from Microsoft."""
    return FolderList(items=[FolderAnswer.model_validate(one) for one in await folders.refresh(context, mailbox)])


@router.post("", status_code=201, operation_id="adopt_folders")
async def adopt_folders(mailbox: Mailbox, wanted: Adoption, context: ContextOf) -> ChosenList:
    """Chooses starter folders for filing. One that isn't there is made in Outlook now, empty. Again: the same."""
    asked = {one.starter_id: adopt.Wanted(one.starter_id, one.description) for one in wanted.folders}
    adopted = await adopt.adopt(context, mailbox, list(asked.values()), wanted.language)
    return ChosenList(items=[ChosenAnswer.model_validate(folder) for folder in adopted])


@router.patch("/{folder_id}", operation_id="change_folder")
async def change_folder(
    mailbox: Mailbox,
    folder_id: Annotated[str, Path(max_length=64)],
    change: FolderChange,
    context: ContextOf,
) -> ChosenAnswer:
    """Chooses a folder for filing, or describes it. What was learned of one that is chosen no more is forgotten."""
    folder = await folders.change(context, mailbox, folder_id, chosen=change.chosen, description=change.description)
    if not folder.chosen:
        await forget.unchosen(context, mailbox, folder_id)
    return ChosenAnswer.model_validate(folder)
