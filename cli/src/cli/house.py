"""The processes of one machine and what each is told. Read from top to bottom, it is the deployment.

sandbox (Microsoft on one desk), sentinel, classifier, gateway: four processes, because an address space is a wall.
"""

import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from chassis.authority import LocalAuthority, renew_due
from chassis.tls import TlsFiles
from cli.child import Child, program
from cli.place import Place
from cli.registration import GRAPH, Registration
from cli.unusable import Unusable

DEPLOYMENT = "local"
HOST = "127.0.0.1"
TENANT = "00000000-sandbox-4000-8000-000000000000"
CLIENT = "11111111-sandbox-4111-8111-111111111111"
USER = "you@sandbox.test"
KID = "local-1"
PROMPT_FORM = 1
SETTLE_SECONDS = 3.0  # the sandbox ends what it began within this; Graph itself may take a minute
_DOMAIN = "mail-organiser.internal"
SENTINEL, CLASSIFIER, GATEWAY = f"sentinel.{_DOMAIN}", f"classifier.{_DOMAIN}", f"gateway.{_DOMAIN}"
EDGE, SANDBOX = f"edge.{_DOMAIN}", f"sandbox.{_DOMAIN}"
PROMETHEUS = f"prometheus.{_DOMAIN}"  # for whoever looks at the metrics
_LEAVES = dict.fromkeys((SENTINEL, CLASSIFIER, GATEWAY, EDGE, SANDBOX, PROMETHEUS), (HOST, "localhost"))


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each listens, on loopback."""

    gateway: int
    sandbox: int
    sentinel: int
    classifier: int

    @classmethod
    def choose(cls, gateway: int) -> "Ports":
        """Four free ports; the gateway's own if it is free."""
        with ExitStack() as stack:
            probes = [stack.enter_context(socket.socket()) for _ in range(4)]
            return cls(*(_bound(probe, wanted) for probe, wanted in zip(probes, (gateway, 0, 0, 0), strict=True)))


def is_free(port: int) -> bool:
    """Whether nobody listens there; 0, which stands for any, is always free."""
    return port in {0, free_port(port)}


def free_port(wanted: int = 0) -> int:
    """The wanted port if nobody has it, otherwise any."""
    with socket.socket() as probe:
        return _bound(probe, wanted)


def _bound(probe: socket.socket, wanted: int) -> int:
    """The wanted port if nobody has it, otherwise any; taken until the probe is closed."""
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, wanted))
    except OSError:
        probe.bind((HOST, 0))
    return int(probe.getsockname()[1])


class House:
    """Everything that one machine needs, built in a place."""

    def __init__(
        self,
        place: Place,
        ports: Ports,
        seed: str,
        keeps: tuple[int, ...] = (),
        registration: Registration | None = None,
    ) -> None:
        """seed: "sample" or the path of a mailbox, for the sandbox. keeps: descriptors that every process inherits.

        registration: of an application with Microsoft itself; then there is no sandbox.
        """
        self._place = place
        self._registration = registration
        self._keeps = keeps
        self._authority = LocalAuthority.open(place.path("tls", "authority"))
        self._ports = ports
        self._seed = seed

    @property
    def url(self) -> str:
        """Where people and programs go."""
        return self._registration.public_url if self._registration else f"https://{HOST}:{self._ports.gateway}"

    @property
    def is_sandbox(self) -> bool:
        """Whether it works on the sandbox, not on Microsoft itself."""
        return self._registration is None

    @property
    def microsoft(self) -> str:
        """Where the sandbox's authority describes itself, once it answers."""
        return f"https://{HOST}:{self._ports.sandbox}/{TENANT}/v2.0/.well-known/openid-configuration"

    @property
    def authority(self) -> Path:
        """The PEM file that a client of this house must trust."""
        return self._authority.bundle

    def renew(self) -> None:
        """Issues every certificate that is absent or near its end; running processes take it up by themselves."""
        for name in _LEAVES:
            if renew_due(self.files(name), datetime.now(UTC)):
                self._authority.issue(name, (HOST, "localhost"))

    def engines(self) -> list[Child]:
        """Sentinel and classifier."""
        policy = policy_hash()
        return [
            self._child("sentinel", (program("sentinel"), "serve", "--settings"), self._sentinel()),
            self._child("classifier", (program("classifier"), "serve", "--settings"), self._classifier(policy)),
        ]

    def mailbox(self) -> list[Child]:
        """The gateway, and the sandbox before it where there is one."""
        gateway = self._child("gateway", (program("mail-organiser-gateway"), "--settings"), self.gateway())
        if self._registration is not None:
            return [gateway]
        return [self._child("sandbox", (program("mail-organiser-sandbox"), "--settings"), self._sandbox()), gateway]

    def _child(self, name: str, command: Sequence[str], values: dict[str, object]) -> Child:
        settings = self._place.settings(name, values)
        return Child(name, [*command, str(settings)], self._place.path("logs", f"{name}.log"), self._keeps)

    def _sentinel(self) -> dict[str, object]:
        return {
            "deployment": DEPLOYMENT,
            "address": f"{HOST}:{self._ports.sentinel}",
            "tls": self._tls(SENTINEL),
            "signing_key": self._signing_key(),
            "kid": KID,
        }

    def _classifier(self, policy: str) -> dict[str, object]:
        return {
            "deployment": DEPLOYMENT,
            "address": f"{HOST}:{self._ports.classifier}",
            "tls": self._tls(CLASSIFIER),
            "signing_keys": self._pinned_keys(),
            "policies": [policy],
            "prompt_forms": [PROMPT_FORM],
        }

    def _sandbox(self) -> dict[str, object]:
        files = self.files(SANDBOX)
        return {
            "host": HOST,
            "port": self._ports.sandbox,
            "certificate": files.certificate,
            "key": files.key,
            "database": self._place.path("sandbox", "mailbox.sqlite"),
            "control_token": self._place.secret("control-token"),
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "client_secret": self._place.secret("client-secret"),
            "redirect_uris": [f"{self.url}/api/v1/session/callback"],
            "user": USER,
            "seed": self._seed,
        }

    def gateway(self) -> dict[str, object]:
        """The gateway's settings. Sandbox or Microsoft: the same, but for whom it speaks to and as whom."""
        return self._processes() | (self._real_microsoft(self._registration) if self._registration else self._desk())

    def _desk(self) -> dict[str, object]:
        sandbox = f"https://{HOST}:{self._ports.sandbox}"
        return {
            "mode": "sandbox",
            "microsoft": {
                "client_id": CLIENT,
                "authority": f"{sandbox}/{TENANT}",
                "client_secret_file": self._place.secret("client-secret"),
                "authority_ca_file": self.authority,
            },
            "graph": {"url": f"{sandbox}/v1.0", "authority": self.authority, "settle_seconds": SETTLE_SECONDS},
        }

    def _real_microsoft(self, registration: Registration) -> dict[str, object]:
        return {"mode": "microsoft", "microsoft": registration.microsoft, "graph": {"url": GRAPH}}

    def _processes(self) -> dict[str, object]:
        return {
            "deployment": DEPLOYMENT,
            "public_url": self.url,
            "host": HOST,
            "port": self._ports.gateway,
            "database": self._place.path("data", "gateway.sqlite"),
            "root_key": self._place.path("secrets", "root.key"),
            "keys": self._place.path("data", "keys.sealed"),
            "edge_tls": self._tls(EDGE),
            "peer_tls": self._tls(GATEWAY),
            "sentinel": {"target": f"{HOST}:{self._ports.sentinel}", "name": SENTINEL},
            "classifier": {"target": f"{HOST}:{self._ports.classifier}", "name": CLASSIFIER},
        }

    def files(self, name: str) -> TlsFiles:
        """The certificate of one of the names."""
        folder = self._place.path("tls", "authority") / name
        return TlsFiles(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")

    def _tls(self, name: str) -> dict[str, object]:
        files = self.files(name)
        return {"certificate": files.certificate, "key": files.key, "authority": files.authority}

    def _signing_key(self) -> Path:
        path = self._place.path("secrets", "signing-key.pem")
        if not path.exists():
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            self._place.write_secret("signing-key.pem", pem)
        return path

    def _pinned_keys(self) -> Path:
        key = _loaded(self._signing_key())
        pinned = {KID: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()}
        return self._place.settings("sentinel-keys", {"keys": pinned})


def _loaded(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Unusable(
            f"{path} can't be used.",
            "It is no longer the Ed25519 key that was written there.",
            "Remove it, and the next start makes a new one.",
        )
    return key


def policy_hash() -> str:
    """The policy that the installed sentinel judges by, which classifiers pin."""
    asked = subprocess.run([program("sentinel"), "policy"], check=True, capture_output=True, text=True)  # noqa: S603  # ours
    return asked.stdout.strip()
