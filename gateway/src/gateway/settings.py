"""What the gateway must be told. Read once, frozen, unknown keys refused; secrets are paths of files."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from chassis.settings import File, Settings, Tls
from gateway import mode as modes
from gateway.disclosure import Disclosure
from gateway.edge.bucket import Policy
from gateway.edge.crowd import MAX_CONNECTIONS, MAX_OF_A_CLIENT
from gateway.edge.limits import WINDOW_S, Limits
from gateway.edge.redis_buckets import RedisSettings
from gateway.identity.microsoft import MicrosoftSettings
from gateway.incidents.operator_settings import OperatorSettings, OrganisationSettings
from gateway.mode import Mode
from gateway.vault.hsm_settings import HsmSettings


class Peer(Settings):
    """A service of ours: where it listens, and the name that its certificate must have."""

    target: str
    name: str


class GraphSettings(Settings):
    """Microsoft Graph. authority: a PEM file when it isn't the public one; settle_seconds: see organise.apply.

    list_id: whether mailing lists are asked for.
    """

    url: str = "https://graph.microsoft.com/v1.0"
    authority: File | None = None
    settle_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    list_id: bool = True


class ApiKeySettings(Settings):
    """How long an API key may live at most, in days."""

    max_days: Annotated[int, Field(ge=1, le=3660)] = 90


class AuditSettings(Settings):
    """The audit log. flush_seconds: how long refusals are counted before they are written."""

    flush_seconds: Annotated[float, Field(ge=1, le=600)] = 60.0


class RetentionSettings(Settings):
    """How many days scans, decisions and journals are kept, and the two chains of the audit log."""

    metadata_days: Annotated[int, Field(ge=30, le=3650)] = 365
    audit_days: Annotated[int, Field(ge=90, le=3650)] = 365
    security_days: Annotated[int, Field(ge=7, le=3650)] = 90


_DEFAULT = Limits()
PerMinute = Annotated[int, Field(ge=1, le=100_000_000)]


class LimitSettings(Settings):
    """Requests a minute; gateway.edge.limits says of what. An organisation behind one address raises some."""

    session: PerMinute = _DEFAULT.session.quota
    failures: PerMinute = _DEFAULT.failures.quota
    pages: PerMinute = _DEFAULT.pages.quota
    address: PerMinute = _DEFAULT.address.quota
    person: PerMinute = _DEFAULT.person.quota
    key: PerMinute = _DEFAULT.key.quota
    work: PerMinute = _DEFAULT.work.quota
    back: PerMinute = _DEFAULT.back.quota

    @property
    def limits(self) -> Limits:
        """As the edge takes them."""
        return Limits(**{name: Policy(name, quota, WINDOW_S) for name, quota in self})


class GatewaySettings(Settings):
    """All of it. deployment names this installation, in every key and clearance; mode is shown to everyone."""

    deployment: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
    mode: Annotated[Mode, Field(strict=False)]  # TOML has strings, not members of an enum
    public_url: Annotated[str, Field(pattern="^https://[^/]+$")]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = MAX_CONNECTIONS
    connections_of_a_client: Annotated[int, Field(ge=1, le=1_000_000)] = MAX_OF_A_CLIENT
    executor: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")] = "gateway-0"
    edge_tls: Tls
    peer_tls: Tls
    sentinel: Peer
    classifier: Peer
    microsoft: MicrosoftSettings
    graph: Annotated[GraphSettings, Field(validate_default=True)] = GraphSettings()
    api_keys: ApiKeySettings = ApiKeySettings()
    audit: AuditSettings = AuditSettings()
    retention: RetentionSettings = RetentionSettings()
    limits: LimitSettings = LimitSettings()
    redis: RedisSettings | None = None
    database: File
    root_key: File | None = None
    root_hsm: HsmSettings | None = None
    former_root_key: File | None = None
    former_root_hsm: HsmSettings | None = None
    keys: File
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    otlp_endpoint: str | None = None
    otlp_sampled: Annotated[float, Field(ge=0, le=1)] = 0.01
    plans: File | None = None
    plan: str = "unlimited"
    disclosure: Disclosure | None = None
    operators: OperatorSettings = OperatorSettings()
    organisation: OrganisationSettings = OrganisationSettings()

    @field_validator("public_url", "host", "metrics_host")
    @classmethod
    def _practice_stays_here(cls, value: str, seen: ValidationInfo) -> str:
        if seen.data.get("mode") is Mode.SANDBOX:
            _refuse(modes.misplaced(Mode.SANDBOX, modes.host_of(value) or value))
        return value

    @field_validator("microsoft")
    @classmethod
    def _one_authority(cls, value: MicrosoftSettings, seen: ValidationInfo) -> MicrosoftSettings:
        if mode := seen.data.get("mode"):
            _refuse(modes.misplaced(mode, modes.host_of(value.authority)), "authority")
            _refuse(modes.misnamed(mode, urlsplit(value.authority).path), "the tenant of authority")
            _refuse(modes.misnamed(mode, value.client_id), "client_id")
        return value

    @field_validator("graph")
    @classmethod
    def _one_graph(cls, value: GraphSettings, seen: ValidationInfo) -> GraphSettings:
        if mode := seen.data.get("mode"):
            _refuse(modes.misplaced(mode, modes.host_of(value.url)), "url")
        return value

    @model_validator(mode="after")
    def _one_root(self) -> Self:
        if (self.root_key is None) == (self.root_hsm is None):
            raise ValueError("needs one of root_key (a file) and root_hsm (a module), and not both")
        return self

    @model_validator(mode="after")
    def _one_former_root(self) -> Self:
        if self.former_root_key is not None and self.former_root_hsm is not None:
            raise ValueError("takes one of former_root_key and former_root_hsm, and not both")
        former = (self.former_root_key, self.former_root_hsm)
        if former != (None, None) and former == (self.root_key, self.root_hsm):
            raise ValueError("names one root twice; former_root_key or former_root_hsm is the root that is replaced")
        return self


def _refuse(fault: str | None, what: str = "") -> None:
    if fault is not None:
        raise ValueError(f"{what}: {fault}" if what else fault)
