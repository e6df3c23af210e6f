"""Everything that is held about a person, as a zip that is made while it is sent: nothing of it is written anywhere.

A table with sealed columns becomes JSON, with what was sealed in plain; every other one CSV, whose cells are ids,
codes, numbers and times. manifest.json, the last file, says of each its rows and SHA-256, and what is not in here.
Each page of rows is read by itself: the export is of a few moments, not of one, and a slow reader holds nothing up.
"""

import csv
import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Table, select, tuple_

from gateway.audit.event import Event, Kind, Log
from gateway.audit.trail import Trail
from gateway.identity import recent
from gateway.identity.jwt import Principal
from gateway.organise.context import Context, now
from gateway.rights.inventory import INVENTORY, WITHHELD
from gateway.store import audit as audit_rows
from gateway.store import mailboxes
from gateway.store.engine import reading
from gateway.store.tables import METADATA, api_key, api_key_scope, audit_event
from gateway.vault.errors import DecryptFailed
from gateway.vault.vault import Cell, Vault

FORMAT: Final = "mail-organiser-export/1"
PAGE: Final = 1000  # rows read at a time
_TEXT: Final = frozenset({"name_sealed", "description_sealed", "address_sealed"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would execute
Row = dict[str, Any]


class Held(NamedTuple):
    """Whose export it is."""

    person_id: str
    mailboxes: list[str]


class File(NamedTuple):
    """One line of the manifest."""

    name: str
    table: str
    rows: int
    unreadable: int
    bytes: int
    sha256: str


async def begin(context: Context, caller: Principal) -> Held:
    """Checks that the sign-in is recent and records the export, which nothing precedes. Then `stream` it."""

    def change(connection: Connection) -> Held:
        recent.require(connection, caller, now=now())
        context.audit.record(connection, Event(Kind.EXPORTED, person=caller.person_id))
        owned = mailboxes.of_person(connection, caller.person_id)
        return Held(caller.person_id, [mailbox.id for mailbox in owned])

    return await context.write(change)


def stream(engine: Engine, vault: Vault, audit: Trail, held: Held) -> Iterator[bytes]:
    """The zip's bytes, as they come to be."""
    sink = _Sink()
    files: list[File] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in exported():
            writer = _Writer(archive, table)
            for page in _pages(engine, vault, audit, held, table):
                writer.write(page)
                yield sink.taken()
            files.append(writer.close())
        archive.writestr("manifest.json", _manifest(held, files))
        yield sink.taken()
    yield sink.taken()


def exported() -> list[Table]:
    """The tables that an export holds, by name."""
    return [METADATA.tables[name] for name in sorted(INVENTORY) if INVENTORY[name].withheld is None]


def _pages(engine: Engine, vault: Vault, audit: Trail, held: Held, table: Table) -> Iterator[list[Row]]:
    if table is audit_event:
        yield from _events(engine, audit, held)
        return
    mine, order = _mine(table, held), list(table.primary_key.columns)
    columns = [column for column in table.c if f"{table.name}.{column.name}" not in WITHHELD]
    last: Sequence[object] | None = None
    while True:
        with reading(engine) as connection:
            query = select(*columns).where(mine).order_by(*order).limit(PAGE)
            query = query if last is None else query.where(tuple_(*order) > tuple_(*last))
            rows = connection.execute(query).all()
            page = [row._asdict() for row in rows]
            plain = [_opened(connection, vault, held, table, row) for row in page]
        yield plain
        if len(page) < PAGE:
            return
        last = [page[-1][column.name] for column in order]


def _events(engine: Engine, audit: Trail, held: Held) -> Iterator[list[Row]]:
    for log in Log:
        after = 0
        while True:
            with reading(engine) as connection:
                mark = audit.marks(connection, held.person_id, None).person or b""
                page = audit_rows.of_person(connection, log, mark, limit=PAGE, after=after)
            yield [entry._asdict() for entry in page]
            if len(page) < PAGE:
                break
            after = page[-1].seq


def _mine(table: Table, held: Held) -> ColumnElement[bool]:
    """Rows of the person or of a mailbox of theirs."""
    if table.name == "person":
        return table.c.id == held.person_id
    if table is api_key_scope:
        return table.c.api_key_id.in_(select(api_key.c.id).where(api_key.c.person_id == held.person_id))
    return table.c.person_id == held.person_id if "person_id" in table.c else table.c.mailbox_id.in_(held.mailboxes)


def _opened(connection: Connection, vault: Vault, held: Held, table: Table, row: Row) -> Row:
    """The row with what is sealed in plain."""
    key = "".join(str(row[column.name]) for column in table.primary_key.columns)
    sealed = [name for name, value in row.items() if "sealed" in name and value is not None]
    plain = {name: _plaintext(connection, vault, held, Cell(table.name, key, name), row[name]) for name in sealed}
    return row | plain


def _plaintext(connection: Connection, vault: Vault, held: Held, cell: Cell, sealed: bytes) -> object:
    try:
        plain = vault.open(connection, held.person_id, cell, sealed)
    except DecryptFailed:
        return UNREADABLE
    return plain.decode() if cell.column in _TEXT else plain


class _Unreadable:
    """Stands for what does not open."""


UNREADABLE: Final = _Unreadable()


class _Writer:
    """One file of the archive: its bytes, rows and hash."""

    def __init__(self, archive: zipfile.ZipFile, table: Table) -> None:
        self._json = any("sealed" in column.name for column in table.c)
        self._columns = [one.name for one in table.c if f"{table.name}.{one.name}" not in WITHHELD]
        self._table = table.name
        self._name = f"{table.name}.{'json' if self._json else 'csv'}"
        self._file = archive.open(self._name, "w", force_zip64=True)
        self._hash, self._bytes, self._rows, self._unreadable = sha256(), 0, 0, 0
        self._put("[" if self._json else _csv(self._columns))

    def write(self, page: Sequence[Row]) -> None:
        for row in page:
            self._unreadable += sum(value is UNREADABLE for value in row.values())
            plain = {name: _plain(row[name]) for name in self._columns}
            lead = ",\n" if self._rows else "\n"
            self._put(lead + json.dumps(plain) if self._json else _csv([_cell(one) for one in plain.values()]))
            self._rows += 1

    def close(self) -> File:
        self._put("\n]\n" if self._json else "")
        self._file.close()
        return File(self._name, self._table, self._rows, self._unreadable, self._bytes, self._hash.hexdigest())

    def _put(self, text: str) -> None:
        encoded = text.encode()
        self._file.write(encoded)
        self._hash.update(encoded)
        self._bytes += len(encoded)


class _Sink(io.RawIOBase):
    """Where the archive writes to: kept until it is taken."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._kept += data
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        taken, self._kept = bytes(self._kept), bytearray()
        return taken


def _manifest(held: Held, files: Sequence[File]) -> str:
    absent = {name: holding.withheld for name, holding in INVENTORY.items() if holding.withheld is not None}
    document = {
        "format": FORMAT,
        "made_at": now(),
        "person_id": held.person_id,
        "times": "unix milliseconds, UTC",
        "files": [file._asdict() for file in files],
        "withheld_tables": absent,
        "withheld_columns": dict(WITHHELD),
    }
    return json.dumps(document, indent=2) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, frozenset):
        return sorted(value)
    return None if value is UNREADABLE else value


def _cell(value: object) -> object:
    """No cell begins as a formula does."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # RFC 4180
    return line.getvalue()
