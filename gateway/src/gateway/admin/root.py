"""Another root in the place of the one that is: the keys are sealed anew, then the former root is ended.

Both steps can be killed anywhere and run again. Each is in the audit log before it is done; what can't be recorded is
not done.
"""

from gateway import deployment
from gateway.audit.event import Event, Kind
from gateway.settings import GatewaySettings
from gateway.store import engine as store
from gateway.vault.errors import KeyringRefused
from gateway.vault.keyring import Keyring
from gateway.vault.root_change import ChangingRoot


def replace(configured: GatewaySettings) -> bool:
    """Seals the keys under the new root; False when they were already. Raises KeyringRefused, ServiceError."""
    root, keyring = _opened(configured)
    root.prepare()
    if keyring.is_under(root.new):
        return False
    _record(configured, keyring, Kind.ROOT_REPLACED)
    keyring.reseal()
    return True


def forget(configured: GatewaySettings) -> None:
    """Destroys the former root. Raises KeyringRefused while the new one, asked alone, does not open the keys."""
    root, keyring = _opened(configured)
    if not keyring.is_under(root.new):
        raise KeyringRefused("the keys are still under the former root; run `mail-organiser admin root replace` first")
    _record(configured, keyring, Kind.ROOT_FORGOTTEN)
    root.former.destroy()


def _opened(configured: GatewaySettings) -> tuple[ChangingRoot, Keyring]:
    root = deployment.changing_root(configured)
    if root is None:
        raise KeyringRefused("no root is being replaced; name the former one in former_root_key or [former_root_hsm]")
    return root, Keyring.open(root, configured.keys)


def _record(configured: GatewaySettings, keyring: Keyring, kind: Kind) -> None:
    engine, audit = store.open(configured.database), deployment.trail(configured, keyring)
    try:
        with engine.begin() as connection:
            audit.record(connection, Event(kind))
    finally:
        engine.dispose()
