"""A deployment as its settings say it is: its keys, its audit log, its retention.

The gateway builds itself from these parts; an operator's command opens the same ones, beside it or without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from chassis import settings
from chassis.errors import StartRefused
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
from gateway.vault.hsm_settings import HsmSettings
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot, Root, SingleRoot
from gateway.vault.root_change import ChangingRoot
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
        return open_existing(configured)
    except KeyringRefused as refused:
        raise StartRefused(str(refused)) from None


def open_or_create(configured: GatewaySettings) -> Keyring:
    """The keys of this deployment, made at the first start. Raises StartRefused."""
    try:
        if configured.keys.exists():
            return open_existing(configured)
        return Keyring.create(_root(configured), configured.keys, now=clock.now())
    except KeyringRefused as refused:
        raise StartRefused(str(refused)) from None


def open_existing(configured: GatewaySettings) -> Keyring:
    """The keys as they stand. Raises KeyringRefused when there are none, StartRefused without a root."""
    return Keyring.open(_root(configured), configured.keys)


def _root(configured: GatewaySettings) -> Root:
    """What the keys are sealed by; two while one replaces the other."""
    return changing_root(configured) or _single(configured, configured.root_key, configured.root_hsm)


def changing_root(configured: GatewaySettings) -> ChangingRoot | None:
    """Both roots, where the settings name a former one. Raises KeyringRefused for one that lies with the data."""
    if configured.former_root_key is None and configured.former_root_hsm is None:
        return None
    new = _single(configured, configured.root_key, configured.root_hsm)
    return ChangingRoot(new, _single(configured, configured.former_root_key, configured.former_root_hsm))


def _single(configured: GatewaySettings, file: Path | None, module: HsmSettings | None) -> SingleRoot:
    """A module's key where one is configured, a file's otherwise."""
    if module is not None:
        from gateway.vault.hsm import HsmRoot  # noqa: PLC0415  # an extra that most installations do without

        return HsmRoot(module)
    if file is None:
        raise StartRefused("root_key: is missing; add it, or root_hsm")
    return FileRoot(file, data_folder=configured.database.parent)
