"""What sentinel needs to run. Paths that are relative count from the folder of the settings file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from chassis.settings import SecretFile, Settings
from chassis.tls import TlsFiles

_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"


class TlsSettings(Settings):
    """PEM files of the service's certificate."""

    certificate: Path
    key: Path
    authority: Path

    @field_validator("certificate", "key", "authority")
    @classmethod
    def _from_folder(cls, path: Path, info: ValidationInfo) -> Path:
        folder: Path = (info.context or {}).get("folder", Path())
        return folder / path

    def files(self) -> TlsFiles:
        """As chassis wants them."""
        return TlsFiles(self.certificate, self.key, self.authority)


class SentinelSettings(Settings):
    """address: where to listen, host:port. deployment: the name that classifier expects in a clearance's audience.

    kid: the name under which classifier pins the public half of signing_key, an Ed25519 PEM file of mode 0600.
    threads: inspections at once. metrics_address: host:port for Prometheus, none if absent. otlp_endpoint: collector of
    traces, none if absent; otlp_authority: PEM bundle for it.
    """

    address: Annotated[str, Field(pattern=r"^\S+:\d{1,5}$")]
    tls: TlsSettings
    deployment: Annotated[str, Field(pattern=_NAME)]
    kid: Annotated[str, Field(pattern=_NAME)]
    signing_key: SecretFile
    threads: Annotated[int, Field(ge=1, le=32)] = 2
    metrics_address: Annotated[str, Field(pattern=r"^[^\s:]+:\d{1,5}$")] | None = None
    otlp_endpoint: str | None = None
    otlp_authority: Path | None = None
