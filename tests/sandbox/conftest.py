"""A running sandbox over real TLS, with a small CA of its own."""

import datetime as dt
import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.testing import RunningSandbox, start

Start = Callable[..., RunningSandbox]
DAY = dt.timedelta(days=1)
SCOPES = ("User.Read", "MailboxSettings.Read", "Mail.ReadWrite")


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    subject, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer))
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    signer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signer_id, critical=False)
        .sign(signer, hashes.SHA256())
    )


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Paths of a CA, and of a leaf for localhost with its key."""
    folder = tmp_path_factory.mktemp("tls")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Test CA", ca_key, "Test CA", ca_key, authority=True)
    leaf = _certificate("localhost", key, "Test CA", ca_key, authority=False)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pems = {
        "authority": ca.public_bytes(serialization.Encoding.PEM),
        "certificate": leaf.public_bytes(serialization.Encoding.PEM),
        "key": key.private_bytes(serialization.Encoding.PEM, *form),
    }
    for name, pem in pems.items():
        (folder / name).write_bytes(pem)
    return {name: folder / name for name in pems}


@pytest.fixture
def start_sandbox(tls: dict[str, Path], tmp_path: Path) -> Iterator[Start]:
    """Starts sandboxes with a database of the test's own and ends them."""
    running: list[RunningSandbox] = []

    def begin(folder: Path = tmp_path, **settings: Any) -> RunningSandbox:
        running.append(start(folder, **tls, **settings))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def shared(tls: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox for all tests of a file."""
    users = ["other@sandbox.test"]
    running = start(tmp_path_factory.mktemp("sandbox"), **tls, more_users=users, service_milliseconds=2)
    yield running
    running.stop()


@pytest.fixture
def sandbox(shared: RunningSandbox) -> Iterator[RunningSandbox]:
    """The file's sandbox without a fault, before and after."""
    shared.faults()
    yield shared
    shared.faults()


@pytest.fixture(scope="module")
def bearer(shared: RunningSandbox) -> str:
    """An access token of the owner with all scopes that we ask for."""
    return shared.access_token(*SCOPES)


@pytest.fixture
def graph(sandbox: RunningSandbox, bearer: str) -> Iterator[httpx.Client]:
    """An HTTP client of the owner at Graph's base URL, wanting immutable ids."""
    headers = {"Authorization": f"Bearer {bearer}", "Prefer": 'IdType="ImmutableId"'}
    with httpx.Client(base_url=sandbox.graph, headers=headers, verify=_trust(sandbox), trust_env=False) as client:
        yield client


def _trust(sandbox: RunningSandbox) -> Any:
    import ssl

    return ssl.create_default_context(cafile=str(sandbox.authority))


@pytest.fixture
def deliver(sandbox: RunningSandbox) -> Callable[..., list[str]]:
    """Puts new mail into a mailbox; the messages' immutable ids."""

    def bring(count: int = 1, **fields: Any) -> list[str]:
        user = fields.pop("user", None)
        base = {"sender_name": "Ann", "sender_address": "ann@example.test", "received_at": "2026-11-01T10:00:00+00:00"}
        messages = [{"subject": f"Message {number}"} | base | fields for number in range(count)]
        ids: list[str] = sandbox.control("POST", "/messages", {"user": user, "messages": messages})["immutable_ids"]
        return ids

    return bring


@pytest.fixture
def folder(graph: httpx.Client) -> Callable[[str], str]:
    """Makes a folder; its id."""

    def make(name: str) -> str:
        return str(graph.post("/me/mailFolders", json={"displayName": name}).json()["id"])

    return make
