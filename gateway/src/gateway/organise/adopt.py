"""Adopting starter folders: the owner takes published folders over, and what isn't there yet is made in Outlook.

Guarantees: a folder is made only because the owner asked for it by a published id, empty, at the top, by its published
name; one of that name is used instead of making a second; nothing is moved, renamed or removed. Safe to ask again:
what was made before an error is found the next time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.errors import FailedPrecondition, InvalidArgument
from gateway.audit.event import Event, Kind
from gateway.graph.errors import GraphUnavailable
from gateway.graph.folder import MailFolder, allow, denied_folders
from gateway.graph.message import GraphFolderId
from gateway.graph.new_folder import Making, NewFolder
from gateway.organise import folders
from gateway.organise.context import Context
from gateway.organise.folders import Folder
from gateway.starter.starter import Language, StarterFolder, starter_folders

_ROOT = "msgfolderroot"
_TAKEN = "a folder of that name is in the mailbox and can't be used for filing; rename it, or choose another"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A starter folder by its id. description: the owner's own words; None for the published ones."""

    id: str
    description: str | None


async def adopt(context: Context, mailbox_id: str, wanted: Sequence[Wanted], language: Language) -> list[Folder]:
    """The folders, chosen for filing, in the order asked. Raises InvalidArgument, FailedPrecondition, GraphError."""
    starters = [_published(one.id) for one in wanted]
    places = await _places(context, mailbox_id, [starter.name(language) for starter in starters])
    known = {folder.graph_id: folder for folder in await folders.refresh(context, mailbox_id)}
    adopted = []
    for one, starter, place in zip(wanted, starters, places, strict=True):
        description = one.description or known[place].description or starter.description(language)
        adopted.append(await folders.change(context, mailbox_id, known[place].id, chosen=True, description=description))
    await _told(context, mailbox_id, Kind.FOLDERS_ADOPTED, len(adopted))
    return adopted


def _published(starter_id: str) -> StarterFolder:
    found = starter_folders().get(starter_id)
    if found is None:
        raise InvalidArgument("there is no starter folder of that id; GET /api/v1/starter-folders lists them")
    return found


async def _places(context: Context, mailbox_id: str, names: Sequence[str]) -> list[GraphFolderId]:
    """Where the folders of these names are, after those that were missing have been made."""
    graph = context.graph(mailbox_id)
    there = _by_name(await graph.reader.folders())
    missing = [name for name in names if name.casefold() not in there]
    outcomes = [await _made(context, mailbox_id, name) for name in missing]
    if missing:
        there = _by_name(await graph.reader.folders())
    if any(name.casefold() not in there for name in names):
        raise GraphUnavailable if Making.UNKNOWN in outcomes else FailedPrecondition(_TAKEN)
    return [there[name.casefold()] for name in names]


async def _made(context: Context, mailbox_id: str, name: str) -> Making:
    outcome = await context.graph(mailbox_id).maker.make(NewFolder(name))
    if outcome is Making.MADE:
        await _told(context, mailbox_id, Kind.FOLDER_MADE, 1)
    return outcome


def _by_name(live: Iterable[MailFolder]) -> Mapping[str, GraphFolderId]:
    """The folders at the top that mail may be filed in. Outlook takes names that differ in case only for the same."""
    everything = list(live)
    denied = denied_folders(everything)
    roots = {folder.id for folder in everything if folder.well_known == _ROOT}
    top = [folder for folder in everything if folder.parent_id in roots and folder.well_known is None]
    return {folder.name.casefold(): allow(folder, denied=denied).id for folder in top if not folder.hidden}


async def _told(context: Context, mailbox_id: str, kind: Kind, amount: int) -> None:
    event = Event(kind, mailbox=mailbox_id, amount=amount)
    await context.write(lambda connection: context.audit.record(connection, event))
