"""What sentinel needs to run. Paths that are relative count from the folder of the settings file."""

from typing import Annotated

from pydantic import Field

from chassis.settings import File, SecretFile, Settings, Tls
from sentinel.operating_point import Strictness

_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"


class SentinelSettings(Settings):
    """address: where to listen, host:port. deployment: the name that classifier expects in a clearance's audience.

    kid: the name under which classifier pins the public half of signing_key, an Ed25519 PEM file of mode 0600.
    threads: inspections at once. strictness: strict, balanced or lenient; each has a policy hash of its own.
    metrics_address: host:port for Prometheus, none if absent. otlp_endpoint: collector of traces, none if absent;
    otlp_authority: PEM bundle for it.
    """

    address: Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")]
    tls: Tls
    deployment: Annotated[str, Field(pattern=_NAME)]
    kid: Annotated[str, Field(pattern=_NAME)]
    signing_key: SecretFile
    threads: Annotated[int, Field(ge=1, le=32)] = 2
    strictness: Strictness = Strictness.BALANCED
    metrics_address: Annotated[str, Field(pattern=r"^[^\s:]+:\d{1,5}$")] | None = None
    otlp_endpoint: str | None = None
    otlp_authority: File | None = None
