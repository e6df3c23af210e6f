"""The owner's folders: live from Graph, with what we keep of them (a choice, a description) under the owner's key."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.graph.folder import MailFolder
from gateway.graph.message import GraphFolderId
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context
from gateway.store import folders, ids, mailboxes, protections
from gateway.vault.vault import Cell, Vault
from mail_organiser.columns import FolderText

MAX_CHOSEN = 200  # folders that a choice may name; with a batch of 256 messages well under a clearance's 512 items
MAX_DESCRIPTION = 500  # characters


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as the owner sees it. total counts messages; well_known is Graph's name for inbox and the like."""

    id: FolderKey
    graph_id: GraphFolderId
    name: str
    description: str | None
    chosen: bool
    revision: int
    total: int = 0
    well_known: str | None = None

    @property
    def text(self) -> FolderText:
        """What the AI may see of it."""
        return FolderText(self.id, self.name, self.description)


async def refresh(context: Context, mailbox_id: str) -> list[Folder]:
    """The mailbox's folders, live; new ones are noted, renamed ones renamed, vanished ones forgotten."""
    live = await context.graph(mailbox_id).reader.folders()
    person = await context.owner(mailbox_id)
    return await context.write(lambda connection: _merge(connection, context.vault, person, mailbox_id, live))


async def chosen(context: Context, mailbox_id: str) -> list[Folder]:
    """The folders that mail may be filed in, as last seen."""
    person = await context.owner(mailbox_id)

    def query(connection: Connection) -> list[Folder]:
        return [_opened(connection, context.vault, person, row) for row in open_rows(connection, mailbox_id)]

    return await context.read(query)


async def named(context: Context, mailbox_id: str, folder_id: str) -> tuple[FolderKey, str]:
    """Id and name of a folder, as last seen. RowAbsent when the mailbox has none of this id."""
    person = await context.owner(mailbox_id)

    def query(connection: Connection) -> tuple[FolderKey, str]:
        found = _opened(connection, context.vault, person, folders.get(connection, mailbox_id, folder_id))
        return found.id, found.name

    return await context.read(query)


def open_rows(connection: Connection, mailbox_id: str) -> list[folders.Folder]:
    """The folders that mail may be filed in: chosen, and not protected; at most MAX_CHOSEN."""
    protected = protections.folders(connection, mailbox_id)
    rows = [row for row in folders.of_mailbox(connection, mailbox_id, chosen=True) if row.id not in protected]
    return rows[:MAX_CHOSEN]


def names(connection: Connection, vault: Vault, mailbox_id: str) -> dict[str, str]:
    """Id to name of the folders that mail may be filed in, as last seen."""
    return _names(connection, vault, mailbox_id, open_rows(connection, mailbox_id))


def all_names(connection: Connection, vault: Vault, mailbox_id: str) -> dict[str, str]:
    """Id to name of every folder, as last seen."""
    return _names(connection, vault, mailbox_id, folders.of_mailbox(connection, mailbox_id))


def _names(connection: Connection, vault: Vault, mailbox_id: str, rows: Sequence[folders.Folder]) -> dict[str, str]:
    person = mailboxes.get(connection, mailbox_id).person_id
    return {row.id: _opened(connection, vault, person, row).name for row in rows}


async def change(
    context: Context,
    mailbox_id: str,
    folder_id: str,
    *,
    chosen: bool | None,
    description: str | None,
) -> Folder:
    """Chooses or describes a folder; None leaves as it is. Raises what the store raises for an unknown folder."""
    person = await context.owner(mailbox_id)

    def apply(connection: Connection) -> Folder:
        row = folders.get(connection, mailbox_id, folder_id)
        sealed = row.description_sealed
        if description is not None:
            sealed = context.vault.seal(connection, person, _cell(row.id, "description_sealed"), description.encode())
        wanted = row.chosen if chosen is None else chosen
        changed = folders.change(connection, row._replace(description_sealed=sealed, chosen=wanted))
        return _opened(connection, context.vault, person, changed)

    return await context.write(apply)


def _merge(
    connection: Connection,
    vault: Vault,
    person: str,
    mailbox_id: str,
    live: Sequence[MailFolder],
) -> list[Folder]:
    known = {row.graph_id: row for row in folders.of_mailbox(connection, mailbox_id)}
    for gone in known.keys() - {folder.id for folder in live}:
        folders.remove(connection, mailbox_id, known[gone].id)
    return [_noted(connection, vault, person, mailbox_id, folder, known.get(folder.id)) for folder in live]


def _noted(  # noqa: PLR0913, PLR0917  # the transaction's four and the folder's two sides
    connection: Connection,
    vault: Vault,
    person: str,
    mailbox_id: str,
    live: MailFolder,
    row: folders.Folder | None,
) -> Folder:
    if row is None:
        row_id = ids.new("fld")
        name = vault.seal(connection, person, _cell(row_id, "name_sealed"), live.name.encode())
        row = folders.Folder(row_id, mailbox_id, live.id, name, None, chosen=False, origin=False, revision=1)
        folders.add(connection, row)
    elif vault.open(connection, person, _cell(row.id, "name_sealed"), row.name_sealed) != live.name.encode():
        name = vault.seal(connection, person, _cell(row.id, "name_sealed"), live.name.encode())
        row = folders.change(connection, row._replace(name_sealed=name))
    return _opened(connection, vault, person, row, live)


def _opened(
    connection: Connection,
    vault: Vault,
    person: str,
    row: folders.Folder,
    live: MailFolder | None = None,
) -> Folder:
    description = None
    if row.description_sealed is not None:
        cell = _cell(row.id, "description_sealed")
        description = vault.open(connection, person, cell, row.description_sealed).decode()
    return Folder(
        id=FolderKey(row.id),
        graph_id=GraphFolderId(row.graph_id),
        name=vault.open(connection, person, _cell(row.id, "name_sealed"), row.name_sealed).decode(),
        description=description,
        chosen=row.chosen,
        revision=row.revision,
        total=live.total if live else 0,
        well_known=live.well_known if live else None,
    )


def _cell(row_id: str, column: str) -> Cell:
    return Cell("folder", row_id, column)
