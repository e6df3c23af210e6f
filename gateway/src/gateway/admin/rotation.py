"""A new key for one purpose, beside running gateways: they take it over within gateway.identity.key_rotation.LOOK_S.

What cursors and limits are keyed with is read at start, so a gateway has the new one after its next start.
"""

from typing import Final

from gateway import deployment
from gateway.audit.event import Event, Kind
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.vault.keyring import Key, Keyring, Purpose
from gateway.vault.vault import Vault

# Access tokens have a command of their own (gateway.admin.token_keys); without the blind index nobody would be found.
PURPOSES: Final = (
    *(Purpose.KEK, Purpose.CURSOR, Purpose.AUDIT, Purpose.ATTESTATION, Purpose.RATE_LIMIT),
    Purpose.INCIDENT,
)
_NEWEST_ALONE: Final = frozenset({Purpose.CURSOR, Purpose.RATE_LIMIT})  # nobody looks for an older one


def rotate(configured: GatewaySettings, purpose: Purpose) -> Key:
    """The new key; the audit log tells of it first. Raises StartRefused, KeyringRefused, ServiceError."""
    keyring, engine = deployment.open_keyring(configured), store.open(configured.database)
    audit = deployment.trail(configured, keyring)
    try:
        with engine.begin() as connection:
            audit.record(connection, Event(Kind.KEY_ROTATED, reason=purpose.value))
            made = keyring.rotate(purpose, now=clock.now())
        if purpose is Purpose.KEK:
            Vault(keyring, configured.deployment).rewrap_all(engine)
        _end_older(keyring, purpose)
    finally:
        engine.dispose()
    return made


def _end_older(keyring: Keyring, purpose: Purpose) -> None:
    if purpose in _NEWEST_ALONE:
        keyring.destroy([key.id for key in keyring.all(purpose)[1:]])
