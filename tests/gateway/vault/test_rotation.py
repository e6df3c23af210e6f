"""A new KEK while people work, and one whose re-wrapping was killed: everything opens at every moment."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text

from gateway.store import person_keys, reading
from gateway.vault import envelope
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.vault import Cell, Vault

PEOPLE, THREADS, GENERATIONS = 12, 4, 5
CELL = Cell("profile", "row", "sealed")
REWRAPS = """
import sys
from pathlib import Path
from gateway.store import engine as store_engine
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault

root, data = Path(sys.argv[1]), Path(sys.argv[2])
vault = Vault(Keyring.open(FileRoot(root, data_folder=data), data / "keys"), "test")
engine, after = store_engine.open(data / "organiser.db"), ""
while after is not None:
    with engine.begin() as connection:
        after = vault.rewrap(connection, after=after, limit=1)
    print("page", flush=True)
"""


def under(engine: Engine, kek_id: str) -> int:
    """How many keys a KEK wraps."""
    with reading(engine) as connection:
        counted = text("SELECT count(*) FROM person_key WHERE kek_id = :kek_id")
        return int(connection.execute(counted, {"kek_id": kek_id}).scalar_one())


def test_traffic_goes_on_while_keks_rotate(
    engine: Engine, vault: Vault, keyring: Keyring, new_person: Callable[[], str]
) -> None:
    """Four threads seal and open all the while; five generations later everything is under the newest."""
    everyone, over = [new_person() for _ in range(PEOPLE)], Event()

    def work(number: int) -> int:
        rounds = 0
        while not over.is_set():
            person = everyone[(number + rounds) % PEOPLE]
            with engine.begin() as connection:
                sealed = vault.seal(connection, person, CELL, person.encode())
            with reading(engine) as connection:
                assert vault.open(connection, person, CELL, sealed) == person.encode()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(THREADS) as threads:
        working = [threads.submit(work, number) for number in range(THREADS)]
        try:
            for generation in range(GENERATIONS):
                keyring.rotate(Purpose.KEK, now=generation)
                rewrap_all(engine, vault)
        finally:
            over.set()
        assert all(one.result() > 0 for one in working)
    assert under(engine, keyring.newest(Purpose.KEK).id) == PEOPLE


def rewrap_all(engine: Engine, vault: Vault) -> None:
    after: str | None = ""
    while after is not None:
        with engine.begin() as connection:
            after = vault.rewrap(connection, after=after, limit=1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the other process opens the file
def test_a_rewrapping_that_was_killed_goes_on(  # the files, and what is in them
    engine: Engine,
    vault: Vault,
    keyring: Keyring,
    new_person: Callable[[], str],
    tmp_path: Path,
    data_folder: Path,
) -> None:
    """SIGKILL after three keys: each is under one KEK or the other and opens; the next start finishes."""
    everyone = [new_person() for _ in range(PEOPLE)]
    sealed = {}
    for person in everyone:
        with engine.begin() as connection:
            sealed[person] = vault.seal(connection, person, CELL, person.encode())
    newest = keyring.rotate(Purpose.KEK, now=keyring.newest(Purpose.KEK).created_at).id
    command = [sys.executable, "-c", REWRAPS, str(tmp_path / "root.key"), str(data_folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(3)] == ["page\n"] * 3
    process.kill()
    process.communicate()
    assert 3 <= under(engine, newest) < PEOPLE
    assert_all_open(engine, vault, sealed)
    vault.renew(engine)
    assert under(engine, newest) == PEOPLE
    assert_all_open(engine, vault, sealed)


def assert_all_open(engine: Engine, vault: Vault, sealed: dict[str, bytes]) -> None:
    with reading(engine) as connection:
        for person, value in sealed.items():
            assert vault.open(connection, person, CELL, value) == person.encode()
            assert len(person_keys.of_person(connection, person)) == 1


@pytest.mark.parametrize(("old", "new"), [(1, 2), (2, 1)])
def test_everything_moves_from_one_algorithm_to_another(
    engine: Engine, keyring: Keyring, new_person: Callable[[], str], old: int, new: int
) -> None:
    """Both are read side by side; a rotation of the KEK moves the keys of people, and each write moves a value."""
    before, after = (Vault(keyring, "test", algorithm=algorithm) for algorithm in (old, new))
    person = new_person()
    with engine.begin() as connection:
        sealed = before.seal(connection, person, CELL, b"kept")
    keyring.rotate(Purpose.KEK, now=keyring.newest(Purpose.KEK).created_at)
    before.rewrap_all(engine)
    assert [envelope.split(one).algorithm for one in (sealed, wrapped(engine))] == [old, old]
    keyring.rotate(Purpose.KEK, now=keyring.newest(Purpose.KEK).created_at)
    after.rewrap_all(engine)
    with engine.begin() as connection:
        again = after.seal(connection, person, CELL, after.open(connection, person, CELL, sealed))
        assert [vault.open(connection, person, CELL, one) for vault in (before, after) for one in (sealed, again)] == [
            b"kept"
        ] * 4
    assert [envelope.split(one).algorithm for one in (again, wrapped(engine))] == [new, new]


def wrapped(engine: Engine) -> bytes:
    with reading(engine) as connection:
        return bytes(connection.execute(text("SELECT wrapped FROM person_key")).scalar_one())
