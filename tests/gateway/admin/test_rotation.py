"""A new key for a purpose: what an older one is still needed for goes on, and what it is not needed for ends."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import Engine

from chassis import settings
from cli.main import rotate as command
from gateway import deployment
from gateway.admin import rotation
from gateway.audit import checkpoint
from gateway.audit.attestation import Attestation
from gateway.audit.event import Log
from gateway.audit.verification import Verifier
from gateway.settings import GatewaySettings
from gateway.store import audit as rows
from gateway.store import engine as store
from gateway.store import people, reading
from gateway.vault.keyring import Purpose
from gateway.vault.vault import Cell, Vault

CELL = Cell("profile", "row", "sealed")


@pytest.fixture
def configured(gateway_file: Callable[..., Path]) -> GatewaySettings:
    return settings.load(GatewaySettings, gateway_file('root_key = "root.key"'))


@pytest.fixture
def engine(configured: GatewaySettings) -> Iterator[Engine]:
    engine = store.open(configured.database)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("purpose", rotation.PURPOSES)
def test_a_new_key_is_made_recorded_and_in_use(configured: GatewaySettings, engine: Engine, purpose: Purpose) -> None:
    """Older ones of cursors and limits are gone; of the others they stay, to open and to verify."""
    before = deployment.open_existing(configured).newest(purpose)
    made = rotation.rotate(configured, purpose)
    kept = [key.id for key in deployment.open_existing(configured).all(purpose)]
    assert kept == ([made.id] if purpose in {Purpose.CURSOR, Purpose.RATE_LIMIT} else [made.id, before.id])
    with reading(engine) as connection:
        told = connection.exec_driver_sql("SELECT kind, reason FROM audit_event").all()
    assert told == [("vault.key_rotated", purpose.value)]


def test_people_s_keys_are_under_the_new_kek_and_open(configured: GatewaySettings, engine: Engine) -> None:
    """Nothing sealed is lost, and no key is left under the old one."""
    vault = Vault(deployment.open_existing(configured), "test")
    with engine.begin() as connection:
        person = people.create(connection, bytes(32), now=1).id
        vault.create_key(connection, person)
        sealed = vault.seal(connection, person, CELL, b"kept")
    made = rotation.rotate(configured, Purpose.KEK)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT kek_id FROM person_key").scalars().all() == [made.id]
        assert vault.open(connection, person, CELL, sealed) == b"kept"


def test_the_log_and_what_was_signed_verify_across_new_keys(configured: GatewaySettings, engine: Engine) -> None:
    """Events of before and after, and a checkpoint that was kept elsewhere."""
    rotation.rotate(configured, Purpose.AUDIT)
    with reading(engine) as connection:
        head = rows.head(connection, Log.AUDIT)
    assert head is not None
    noted = checkpoint.take(Attestation(deployment.open_existing(configured), "test"), head, now=1)
    rotation.rotate(configured, Purpose.ATTESTATION)
    rotation.rotate(configured, Purpose.AUDIT)
    keyring = deployment.open_existing(configured)
    assert checkpoint.read(Attestation(keyring, "test"), checkpoint.written(noted)) == head
    with reading(engine) as connection:
        report = Verifier(keyring, "test").verify(connection, Log.AUDIT, noted=head)
    assert (report.broken, report.checked) == (None, 3)


def test_without_a_trail_no_key_is_made(
    configured: GatewaySettings, engine: Engine, break_log: Callable[[Any], None]
) -> None:
    """What can't be recorded is not done."""
    before = deployment.open_existing(configured).newest(Purpose.CURSOR)
    break_log(engine)
    with pytest.raises(Exception, match="audit log"):
        rotation.rotate(configured, Purpose.CURSOR)
    assert deployment.open_existing(configured).newest(Purpose.CURSOR).id == before.id


def test_the_command_takes_exactly_these() -> None:
    """It names them itself, so that --help needs no gateway."""
    (purpose,) = [one for one in command.params if one.name == "purpose"]
    assert isinstance(purpose.type, click.Choice)
    assert list(purpose.type.choices) == [one.value for one in rotation.PURPOSES]
