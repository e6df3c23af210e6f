"""What the gateway must be told. Read once, frozen, unknown keys refused; secrets are paths of files."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from chassis.settings import Settings
from chassis.tls import TlsFiles
from gateway.identity.microsoft import MicrosoftSettings


class PemFiles(Settings):
    """A certificate, its key, and the authorities that are accepted from others."""

    certificate: Path
    key: Path
    authority: Path

    @property
    def files(self) -> TlsFiles:
        """As chassis takes them."""
        return TlsFiles(self.certificate, self.key, self.authority)


class Peer(Settings):
    """A service of ours: where it listens, and the name that its certificate must have."""

    target: str
    name: str


class GraphSettings(Settings):
    """Microsoft Graph. authority: a PEM file when it isn't the public one; settle_seconds: see organise.apply."""

    url: str = "https://graph.microsoft.com/v1.0"
    authority: Path | None = None
    settle_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0


class GatewaySettings(Settings):
    """All of it. deployment names this installation, in every key and clearance; mode is shown to everyone."""

    deployment: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
    mode: Annotated[str, Field(pattern="^(sandbox|production)$")]
    public_url: Annotated[str, Field(pattern="^https://[^/]+$")]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]
    executor: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")] = "gateway-0"
    edge_tls: PemFiles
    peer_tls: PemFiles
    sentinel: Peer
    classifier: Peer
    microsoft: MicrosoftSettings
    graph: GraphSettings = GraphSettings()
    database: Path
    root_key: Path
    keys: Path
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    otlp_endpoint: str | None = None
