"""All keys and certificates of an installation: the gateway's, and its peers' where their settings lie beside it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import classifier.settings
import sentinel.settings
from chassis import settings
from cli.inventory import held, named, pinned
from cli.inventory.row import Row
from gateway import deployment
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.vault.vault import Vault


def taken(file: Path, now: datetime) -> list[Row]:
    """Everything there is. file: the gateway's settings. Raises StartRefused for what can't be looked at."""
    configured = settings.load(GatewaySettings, file)
    return [*of_gateway(configured, now), *of_peers(file.parent, now)]


def of_gateway(configured: GatewaySettings, now: datetime) -> Iterator[Row]:
    """What it holds and what its settings name; before the first start there are no keys yet."""
    yield from held.roots(configured)
    if configured.keys.exists():
        keyring = deployment.open_keyring(configured)
        yield from held.of_keyring(keyring)
        if configured.database.exists():
            yield from _in_database(configured, Vault(keyring, configured.deployment))
    yield from held.derived()
    yield from named.rows("gateway", configured, now)
    yield from named.authority_key(configured.edge_tls, now)


def _in_database(configured: GatewaySettings, vault: Vault) -> Iterator[Row]:
    engine = store.open(configured.database)
    try:
        yield held.people(engine, vault)
        yield held.programs(engine, now=clock.now())
    finally:
        engine.dispose()


def of_peers(folder: Path, now: datetime) -> Iterator[Row]:
    """What the settings of sentinel and classifier name, where they lie in this folder."""
    ours, other = folder / "sentinel.toml", folder / "classifier.toml"
    if ours.exists():
        yield from named.rows("sentinel", settings.load(sentinel.settings.SentinelSettings, ours), now)
    if other.exists():
        configured = settings.load(classifier.settings.Settings, other)
        yield from named.rows("classifier", configured, now)
        yield from pinned.rows(configured)
