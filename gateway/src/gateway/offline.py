"""A deployment as an operator's command opens it: from the gateway's settings, beside a running gateway or without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from chassis import settings
from chassis.errors import StartRefused
from gateway import keys
from gateway.audit import origin
from gateway.audit.attestation import Attestation
from gateway.audit.origin import Origin
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.audit.verification import Verifier
from gateway.rights.retention import Periods, Retention
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.vault.errors import KeyringRefused
from gateway.vault.keyring import Keyring
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the commands need of it."""

    engine: Engine
    verifier: Verifier
    attestation: Attestation
    retention: Retention


@contextmanager
def opened(path: Path) -> Iterator[Deployment]:
    """The deployment of a gateway's settings file. Raises StartRefused; nothing is made that is not there."""
    configured = settings.load(GatewaySettings, path)
    if not configured.database.exists():
        raise StartRefused("There is no database where the settings say. Start the gateway once, or correct the path.")
    keyring = open_keyring(configured)
    engine = store.open(configured.database)
    audit = trail(configured, keyring)
    try:
        verifier = Verifier(keyring, configured.deployment)
        attestation = Attestation(keyring, configured.deployment)
        yield Deployment(engine, verifier, attestation, retention(configured, engine, keyring, audit))
    finally:
        engine.dispose()


def trail(configured: GatewaySettings, keyring: Keyring) -> Trail:
    """The audit log for a command to write into; its events say that they come from one."""
    origin.enter(lambda: Origin("cli"))
    vault = Vault(keyring, configured.deployment)
    return Trail(keyring, vault, configured.deployment, tally=Tally(), failed=lambda: None)


def retention(configured: GatewaySettings, engine: Engine, keyring: Keyring, audit: Trail) -> Retention:
    """Retention as the settings want it."""
    return Retention(
        engine,
        audit,
        Verifier(keyring, configured.deployment),
        Attestation(keyring, configured.deployment),
        periods(configured),
        holder=configured.executor,
    )


def periods(configured: GatewaySettings) -> Periods:
    """How long the settings want what is held to be kept."""
    days = configured.retention
    return Periods(*(one * clock.DAY for one in (days.metadata_days, days.audit_days, days.security_days)))


def open_keyring(configured: GatewaySettings) -> Keyring:
    """The keys as they stand. Raises StartRefused."""
    try:
        return keys.open_existing(configured)
    except KeyringRefused as refused:
        raise StartRefused(str(refused)) from None
