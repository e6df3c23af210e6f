"""What the classifier must be told: a frozen value from one TOML file, and the pinned keys of sentinel beside it.

    deployment = "desk"
    address = "127.0.0.1:7402"
    signing_keys = "sentinel-keys.toml"      # [keys] kid = "64 hex digits"; at most 3
    policies = ["64 hex digits"]             # accepted policy hashes; at most 2
    prompt_forms = [1]                       # accepted versions; at most 2
    [tls]
    certificate = "certificate.pem"
    key = "key.pem"
    authority = "authority.pem"

Relative paths count from the file's folder. Nothing here turns a check off.
"""

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, StringConstraints

from chassis.settings import File, SettingsRefused, Tls, load
from chassis.settings import Settings as Base
from mail_organiser.clearance import MAX_ACCEPTED, MAX_KEYS, Trust, audience

__all__ = ["Metrics", "Settings", "SigningKeys", "Tls", "load", "trust"]

Kid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]  # 32 bytes: SHA-256, or an Ed25519 public key


class Metrics(Base):
    """Where Prometheus finds GET /metrics."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)


class SigningKeys(Base):
    """The pinned file: sentinel's public keys by kid, 32 bytes in hex."""

    keys: dict[Kid, Hash] = Field(min_length=1, max_length=MAX_KEYS)


class Settings(Base):
    """Everything that main builds from."""

    deployment: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
    address: str  # host:port
    tls: Tls
    signing_keys: File
    policies: tuple[Hash, ...] = Field(min_length=1, max_length=MAX_ACCEPTED)
    prompt_forms: tuple[int, ...] = Field(min_length=1, max_length=MAX_ACCEPTED)
    threads: int = Field(default=2, ge=1, le=64)  # that compute; more than cores doesn't help
    metrics: Metrics | None = None
    otlp_endpoint: str | None = None


def trust(settings: Settings) -> Trust:
    """What a clearance is checked against. Raises SettingsRefused for a pinned file that can't be used."""
    pinned = load(SigningKeys, settings.signing_keys)
    return Trust(
        keys={kid: _public_key(text) for kid, text in pinned.keys.items()},
        audience=audience(settings.deployment),
        policies=frozenset(bytes.fromhex(policy) for policy in settings.policies),
        prompt_forms=frozenset(settings.prompt_forms),
    )


def _public_key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise SettingsRefused("signing_keys: a key is no Ed25519 public key. Export it from sentinel again.") from None
