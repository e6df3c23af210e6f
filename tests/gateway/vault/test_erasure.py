"""Erasure: unreadable here at once, irrecoverable from any copy once the last KEK that wrapped the key is gone."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from gateway.store import clock as store_clock
from gateway.store import engine as store_engine
from gateway.store import ids, mailboxes, people, person_keys, reading
from gateway.store.mailboxes import Mailbox
from gateway.store.tables import mailbox as mailbox_table
from gateway.vault import envelope
from gateway.vault.errors import DecryptFailed, PersonErased
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.root import FileRoot
from gateway.vault.vault import Cell, Vault

ON_A_FILE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # of what a file and its log hold


@pytest.fixture
def kept(engine: Engine, vault: Vault, new_person: Callable[[], str]) -> list[Mailbox]:
    """Two people's mailboxes with a sealed address of 5000 bytes each, part of them still in the log."""
    return [_keep(engine, vault, new_person()) for _ in range(2)]


@ON_A_FILE
def test_copies_from_before_open_nothing_with_the_keys_from_after(
    engine: Engine, vault: Vault, kept: list[Mailbox], tmp_path: Path, data_folder: Path
) -> None:
    """Database and log copied before; after erasure and a new KEK they hold no DEK and open for nobody."""
    gone, stays = kept
    deks = _deks(engine, vault)
    before = tmp_path / "before"
    shutil.copytree(data_folder, before, ignore=shutil.ignore_patterns("*keys*"))
    assert (before / "organiser.db-wal").stat().st_size > 0
    with engine.begin() as connection:
        vault.erase_key(connection, gone.person_id)
        people.erase_rows(connection, gone.person_id)
    vault.renew_at_once(engine)
    store_engine.scrub(engine)

    assert not any(dek in path.read_bytes() for dek in deks for path in [*before.iterdir(), *data_folder.iterdir()])
    copy = store_engine.open(before / "organiser.db")
    after = Vault(Keyring.open(FileRoot(tmp_path / "root.key", data_folder=data_folder), data_folder / "keys"), "test")
    with reading(copy) as connection:
        found = connection.execute(select(mailbox_table)).all()
        assert {one.id for one in found} == {gone.id, stays.id}
        for one in found:
            with pytest.raises(DecryptFailed):
                after.open(connection, one.person_id, _cell(one.id), one.address_sealed)
    copy.dispose()
    with reading(engine) as connection:
        assert after.open(connection, stays.person_id, _cell(stays.id), stays.address_sealed) == b"a" * 5000


@ON_A_FILE
def test_the_live_files_hold_none_of_the_sealed_bytes(
    engine: Engine, vault: Vault, kept: list[Mailbox], data_folder: Path
) -> None:
    """After erasure and scrub, neither file nor log holds any 16 bytes of what was sealed or wrapped."""
    gone, stays = kept
    with reading(engine) as connection:
        (key,) = person_keys.of_person(connection, gone.person_id)
    wrapped = envelope.split(key.wrapped).ciphertext  # the header names the KEK, which others share
    assert _holds(data_folder, gone.address_sealed)
    assert _holds(data_folder, wrapped)
    with engine.begin() as connection:
        vault.erase_key(connection, gone.person_id)
        people.erase_rows(connection, gone.person_id)
    store_engine.scrub(engine)
    assert not _holds(data_folder, gone.address_sealed)
    assert not _holds(data_folder, wrapped)
    assert not _holds(data_folder, gone.id.encode())
    assert _holds(data_folder, stays.address_sealed)


def test_tombstone_and_destroyed_key_are_one_transaction(engine: Engine, vault: Vault, kept: list[Mailbox]) -> None:
    """Rolled back, the person is alive with their key; committed, neither is left."""
    gone, _ = kept
    with engine.connect() as connection:
        vault.erase_key(connection, gone.person_id)
        connection.rollback()
        assert vault.open(connection, gone.person_id, _cell(gone.id), gone.address_sealed) == b"a" * 5000
        connection.rollback()
        vault.erase_key(connection, gone.person_id)
        connection.commit()
        with pytest.raises(PersonErased):
            vault.open(connection, gone.person_id, _cell(gone.id), gone.address_sealed)


def test_the_receipts_second_date_is_kept(
    engine: Engine, vault: Vault, keyring: Keyring, kept: list[Mailbox], clock: Callable[[], int]
) -> None:
    """With a renewal a day, no KEK is older than 30 days; at the named date the one that wrapped the key is gone."""
    gone, _ = kept
    kek = keyring.newest(Purpose.KEK)
    with engine.begin() as connection:
        receipt = vault.erase_key(connection, gone.person_id)
        assert vault.erase_key(connection, gone.person_id) == receipt
    made = {kek.id}
    for day in range(1, 100):
        clock.moment = receipt.erased_at + day * store_clock.DAY  # type: ignore[attr-defined]  # the test's clock
        vault.renew(engine)
        held = keyring.all(Purpose.KEK)
        made |= {key.id for key in held}
        assert all(clock() - key.created_at < 30 * store_clock.DAY for key in held)
        assert (keyring.kek(kek.id) is None) == (clock() >= receipt.irrecoverable_at)
    assert receipt.irrecoverable_at - receipt.erased_at == 30 * store_clock.DAY
    assert len(made) == 5  # days 0, 23, 46, 69, 92


def test_a_machine_that_slept_destroys_what_is_overdue(
    engine: Engine, vault: Vault, keyring: Keyring, kept: list[Mailbox], clock: Callable[[], int]
) -> None:
    """After 40 days off, the first renewal replaces and destroys the KEK, and everybody still reads."""
    kek, stays = keyring.newest(Purpose.KEK), kept[1]
    clock.moment += 40 * store_clock.DAY  # type: ignore[attr-defined]  # the test's clock
    vault.renew(engine)
    assert kek.id not in [key.id for key in keyring.all(Purpose.KEK)]
    with reading(engine) as connection:
        assert vault.open(connection, stays.person_id, _cell(stays.id), stays.address_sealed) == b"a" * 5000


def _keep(engine: Engine, vault: Vault, person_id: str) -> Mailbox:
    mailbox_id = ids.new("mbx")
    with engine.begin() as connection:
        sealed = vault.seal(connection, person_id, _cell(mailbox_id), b"a" * 5000)
        new = Mailbox(mailbox_id, person_id, mailbox_id.encode(), sealed, 1)
        mailboxes.add(connection, new)
    return new


def _cell(mailbox_id: str) -> Cell:
    return Cell("mailbox", mailbox_id, "address_sealed")


def _deks(engine: Engine, vault: Vault) -> list[bytes]:
    with reading(engine) as connection:
        persons = connection.execute(select(mailbox_table.c.person_id)).scalars().all()
        return [vault._unwrapped(person_keys.of_person(connection, who)[0]) for who in persons]


def _holds(folder: Path, secret: bytes) -> bool:
    pieces = [secret[start : start + 16] for start in range(0, len(secret) - 15, 16)]
    return any(piece in content for content in [p.read_bytes() for p in folder.iterdir()] for piece in pieces)
