"""The published starter folders. Nothing of a person, but behind the door like everything else."""

from fastapi import APIRouter

from gateway.api.model import Answer
from gateway.starter.starter import Language, StarterFolder, starter_folders

router = APIRouter(prefix="/api/v1/starter-folders", tags=["folders"])


class StarterFolderAnswer(Answer):
    """One that may be adopted, in the language asked for."""

    id: str
    name: str
    description: str


class StarterFolderList(Answer):
    """All of them; there are less than twenty."""

    items: list[StarterFolderAnswer]


@router.get("", operation_id="list_starter_folders")
async def list_starter_folders(language: Language = Language.ENGLISH) -> StarterFolderList:
    """The folders that an owner may adopt."""
    return StarterFolderList(items=[_answer(folder, language) for folder in starter_folders().values()])


def _answer(folder: StarterFolder, language: Language) -> StarterFolderAnswer:
    return StarterFolderAnswer(id=folder.id, name=folder.name(language), description=folder.description(language))
