"""Where this deployment's keys are, as its settings say: for the gateway itself, and for operators beside it."""

from chassis.errors import StartRefused
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.vault.errors import KeyringRefused
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot, Root


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
    """What the keys are sealed by: a module's key where one is configured, a file's otherwise."""
    if configured.root_hsm is not None:
        from gateway.vault.hsm import HsmRoot  # noqa: PLC0415  # an extra that most installations do without

        return HsmRoot(configured.root_hsm)
    if configured.root_key is None:
        raise StartRefused("root_key: is missing; add it, or root_hsm")
    return FileRoot(configured.root_key, data_folder=configured.database.parent)
