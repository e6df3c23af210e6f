"""Everything that is held about a person, in plain where it is theirs, and nothing about anybody else."""

import asyncio
import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text

from gateway.audit.event import Kind
from gateway.identity import recent
from gateway.identity.jwt import Principal
from gateway.identity.recent import RecentSignInNeeded
from gateway.rights import export
from gateway.rights.export import _cell, exported
from gateway.rights.inventory import INVENTORY, WITHHELD
from gateway.store import clock, reading, sessions
from gateway.store.tables import METADATA


def test_every_table_is_in_it_with_every_row_and_column(office: Any) -> None:
    """Table by table: what a query finds of the person is what the file holds."""
    mailbox = office.person("erika")
    alone = office.counts()
    office.person("other")
    archive = office.exported(mailbox)
    assert {file["table"] for file in archive.manifest["files"]} == {table.name for table in exported()}
    for file in archive.manifest["files"]:
        found = archive.rows(file["table"])
        assert len(found) == file["rows"] == alone[file["table"]], file
        wanted = {c.name for c in METADATA.tables[file["table"]].c} - _withheld(file["table"])
        assert all(set(row) == wanted for row in found)
    assert archive.manifest["withheld_tables"].keys() == {n for n, h in INVENTORY.items() if h.withheld}


def test_what_is_sealed_is_in_plain(office: Any) -> None:
    """Address, folder names and descriptions as text, the profile as what it was."""
    archive = office.exported(office.person("erika"))
    (mailbox,), (folder,) = archive.rows("mailbox"), archive.rows("folder")
    assert mailbox["address_sealed"] == "erika@example.test"
    assert (folder["name_sealed"], folder["description_sealed"]) == ("erika name_sealed", "erika description_sealed")
    assert b64decode(archive.rows("profile")[0]["sealed"]) == b"erika profile"
    assert archive.rows("token_cache")[0]["granted"] == ["Mail.ReadWrite", "User.Read"]


def test_nobody_else_is_in_it(office: Any) -> None:
    """No id, text or pseudonym of another person."""
    mine, theirs = office.person("erika"), office.person("other")
    archive = office.exported(mine)
    everything = archive.everything
    with reading(office.engine) as connection:
        found = connection.execute(
            text("SELECT id FROM scan WHERE mailbox_id = :m UNION SELECT id FROM session WHERE person_id = :p"),
            {"m": theirs.id, "p": theirs.person_id},
        ).scalars()
        foreign = [theirs.id, theirs.person_id, "other", *found]
    assert len(foreign) == 5
    assert not [one for one in foreign if one.encode() in everything]
    assert mine.id.encode() in everything


def test_what_would_let_a_thief_in_is_not_in_it(office: Any) -> None:
    """Neither Microsoft's tokens nor any key."""
    mailbox = office.person("erika")
    everything = office.exported(mailbox).everything
    assert b"erika token" not in everything
    assert b64encode(b"erika token") not in everything
    assert b64encode(b"erika profile") in everything  # the form in which bytes would be there
    with reading(office.engine) as connection:
        wrapped = connection.execute(text("SELECT wrapped FROM person_key")).scalar_one()
    assert b64encode(bytes(wrapped)) not in everything


def test_the_manifest_counts_and_hashes(office: Any) -> None:
    """Each file's bytes, rows and SHA-256."""
    archive = office.exported(office.person("erika"))
    for file in archive.manifest["files"]:
        content = archive._zip.read(file["name"])
        assert (len(content), sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    assert json.loads(json.dumps(archive.manifest))["format"] == export.FORMAT


def test_what_does_not_open_is_counted_and_left_empty(office: Any) -> None:
    """A damaged row does not end the export, and is noted for the audit log."""
    mailbox = office.person("erika")
    with office.engine.begin() as connection:
        connection.execute(text("UPDATE folder SET name_sealed = :b"), {"b": b"damaged"})
    archive = office.exported(mailbox)
    assert archive.rows("folder")[0]["name_sealed"] is None
    assert {file["table"]: file["unreadable"] for file in archive.manifest["files"]}["folder"] == 1
    assert [(event.kind, event.reason) for event, _ in office.tally.take()] == [
        (Kind.DECRYPT_FAILED, "folder.name_sealed")
    ]


def test_more_rows_than_a_page_are_all_there(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page, in order, none twice."""
    monkeypatch.setattr(export, "PAGE", 3)
    mailbox = office.person("erika")
    with office.engine.begin() as connection:
        for _ in range(7):
            office.scanned(connection, mailbox, "fld_x")
    archive = office.exported(mailbox)
    found = [row["id"] for row in archive.rows("decision")]
    assert len(found) == len(set(found)) == 16
    assert len(archive.rows("finding")) == 8


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(lead: str) -> None:
    """A spreadsheet would execute it."""
    assert str(_cell(f"{lead}HYPERLINK(1)")).startswith("'")
    assert _cell(-1) == -1


@pytest.mark.parametrize(("minutes", "allowed"), [(0, True), (10, True), (11, False)])
def test_it_needs_a_sign_in_of_the_last_ten_minutes(office: Any, minutes: int, allowed: bool) -> None:  # noqa: FBT001  # a parameter
    """A stolen tab is not enough for everything about a person."""
    mailbox = office.person("erika")
    with office.engine.begin() as connection:
        session = sessions.create(
            connection, mailbox.person_id, now=office.moment, expires_at=office.moment + clock.DAY
        )
    caller = Principal(mailbox.person_id, session.id, "jti")
    with reading(office.engine) as connection:
        if allowed:
            recent.require(connection, caller, now=office.moment + minutes * clock.MINUTE)
            return
        with pytest.raises(RecentSignInNeeded):
            recent.require(connection, caller, now=office.moment + minutes * clock.MINUTE)


def test_beginning_an_export_asks_for_it_and_records_it(office: Any) -> None:
    """An old session is refused before anything is read or recorded."""
    mailbox = office.person("erika")
    caller = Principal(mailbox.person_id, _session(office, mailbox.person_id, clock.now() - clock.HOUR), "jti")
    with pytest.raises(RecentSignInNeeded):
        asyncio.run(export.begin(office.context, caller))
    fresh = Principal(mailbox.person_id, _session(office, mailbox.person_id, clock.now()), "jti")
    held = asyncio.run(export.begin(office.context, fresh))
    assert held == (mailbox.person_id, [mailbox.id])
    assert [row["kind"] for row in office.exported(mailbox).rows("audit_event")].count(Kind.EXPORTED) == 1


def _session(office: Any, person_id: str, began: int) -> str:
    with office.engine.begin() as connection:
        made = sessions.create(connection, person_id, now=began, expires_at=began + clock.DAY)
        sessions.touch(connection, made.id, now=clock.now(), idle=clock.DAY)
    return made.id


def _withheld(table: str) -> set[str]:
    return {name.partition(".")[2] for name in WITHHELD if name.startswith(f"{table}.")}
