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
    [provider]                               # absent: off, and nothing leaves
    base_url = "https://api.example/v1"
    model = "small"
    api_key = "provider-key"                 # a secret file
    prompt_price = 0.15                      # for a million tokens
    answer_price = 0.60

Relative paths count from the file's folder. Nothing here turns a check off.
"""

import math
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, Field, StringConstraints

from chassis.settings import File, SecretFile, SettingsRefused, Tls, load
from chassis.settings import Settings as Base
from classifier.provider.purse import Amount, Prices
from classifier.provider.terms import Terms
from mail_organiser.clearance import MAX_ACCEPTED, MAX_KEYS, Trust, audience

__all__ = ["Metrics", "Provider", "Settings", "SigningKeys", "Tls", "load", "terms", "trust"]

Kid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]  # 32 bytes: SHA-256, or an Ed25519 public key


def _encrypted(url: str) -> str:
    """https, or http to this very machine: mail's metadata crosses no network in clear text."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        plain = False
    if parts.username or parts.query or parts.fragment or not (plain or (parts.scheme == "https" and parts.hostname)):
        raise ValueError("must be https://, or http:// and a loopback address, with a path and nothing behind it")
    return url


Price = Annotated[float, Field(ge=0, le=1000)]  # of a million tokens, in the operator's currency


class Provider(Base):
    """An endpoint that takes OpenAI's chat completions. Caps are of one person and day (UTC)."""

    base_url: Annotated[str, AfterValidator(_encrypted)]
    model: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,127}$")]
    api_key: SecretFile | None = None
    authority: File | None = None
    prompt_price: Price
    answer_price: Price
    tokens_a_day: int = Field(default=500_000, ge=1, le=10**12)
    money_a_day: float = Field(default=1.0, gt=0, le=1_000_000)
    threshold: float = Field(default=0.9, gt=0, le=1)
    call_seconds: float = Field(default=4.0, ge=0.5, le=15)
    connect_seconds: float = Field(default=1.0, gt=0, le=5)
    concurrency: int = Field(default=16, ge=1, le=256)


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
    provider: Provider | None = None
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


def terms(provider: Provider) -> Terms:
    """The same in whole numbers: a price of 1 for a million tokens is 1000 billionths for one."""
    return Terms(
        daily=Amount(provider.tokens_a_day, int(provider.money_a_day * 1e9)),
        prices=Prices(math.ceil(provider.prompt_price * 1e3), math.ceil(provider.answer_price * 1e3)),
        threshold=provider.threshold,
        call_seconds=provider.call_seconds,
        concurrency=provider.concurrency,
    )
