"""A real database of either kind, a real keyring on disk, and a clock that the test moves."""

from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

import pytest
from sqlalchemy import Engine

from gateway.store import people
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault

START = 1_700_000_000_000


class Clock:
    """Unix milliseconds that move when told."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> int:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


@pytest.fixture
def keyring(tmp_path: Path, data_folder: Path) -> Keyring:
    return Keyring.create(FileRoot(tmp_path / "root.key", data_folder=data_folder), data_folder / "keys", now=START)


@pytest.fixture
def vault(keyring: Keyring, clock: Clock) -> Vault:
    return Vault(keyring, "test", now=clock)


@pytest.fixture
def new_person(engine: Engine, vault: Vault) -> Callable[[], str]:
    """Signs one more person in; returns their id."""

    def make() -> str:
        with engine.begin() as connection:
            person = people.create(connection, token_bytes(32), now=START)
            vault.create_key(connection, person.id)
        return person.id

    return make
