"""A certified OpenID provider as its own process, and the gateway's own sign-in against it, over TLS 1.3."""

import json
import shutil
import socket
import ssl
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chassis.tls import TlsFiles
from cli.application_certificate import make
from cli.sign_in import Form
from gateway.identity.microsoft import MicrosoftSettings

ROOT = Path(__file__).resolve().parents[4]
PROVIDER = ROOT / "tests" / "oidc" / "provider.mjs"
SECRET = "a-secret-of-a-test-client-0123456789abcdef"
WITH_SECRET, WITH_CERTIFICATE = "with-secret", "with-certificate"
STOP_SECONDS = 10


@dataclass
class Provider:
    """A running one. `url` is what MSAL calls the authority."""

    url: str
    issuer: str
    ca: Path
    folder: Path
    process: subprocess.Popen[str]

    def settings(self, client: str = WITH_SECRET, **changed: Any) -> MicrosoftSettings:
        """How the gateway is told about it; the same keys as for Microsoft."""
        proof = {
            WITH_SECRET: {"client_secret_file": self.folder / "secret"},
            WITH_CERTIFICATE: {
                "certificate_file": self.folder / "application.pem",
                "private_key_file": self.folder / "application.key",
            },
        }
        given = {"client_id": client, "authority": self.url, "authority_ca_file": self.ca, **proof[client], **changed}
        return MicrosoftSettings.model_validate(given)


def _jwk(key: rsa.RSAPublicKey, kid: str) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"kty": "RSA", "kid": kid, "use": "sig", "n": _number(numbers.n), "e": _number(numbers.e)}


def _private_jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, str]:
    numbers = key.private_numbers()
    parts = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    return _jwk(key.public_key(), kid) | {name: _number(value) for name, value in parts.items()}


def _number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def provider(tls: TlsFiles, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """Started once; it forgets everything when it ends."""
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    pair = make(folder / "application.pem", folder / "application.key", "op.test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = int(probe.getsockname()[1])
    signing = rsa.generate_private_key(65537, 2048)
    config = {
        "port": own,
        "certificate": str(tls.certificate),
        "key": str(tls.key),
        "redirectUri": f"https://localhost:{port}/api/v1/session/callback",
        "secret": SECRET,
        "publicKey": _jwk(pair.public_key(), "application"),
        "signingKey": _private_jwk(signing, "signing"),
    }
    (folder / "config.json").write_text(json.dumps(config))
    node = shutil.which("node")
    assert node, "node is missing; run make system"
    process = subprocess.Popen(
        [node, "--no-warnings", str(PROVIDER), str(folder / "config.json")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline() if process.stdout else ""
    assert line, "the provider did not start; run make oidc"
    yield Provider(f"https://localhost:{own}/tenant", json.loads(line)["issuer"], tls.authority, folder, process)
    process.terminate()
    process.communicate(timeout=STOP_SECONDS)


def walk(client: httpx.Client, url: str) -> dict[str, str]:
    """What the provider posts back in the end: through its redirects, as a browser with its cookies goes."""
    answer = client.get(url)
    while answer.is_redirect:
        url = urljoin(url, answer.headers["location"])
        assert urlsplit(url).hostname == "localhost"
        answer = client.get(url)
    parser = Form()
    parser.feed(answer.text)
    assert parser.fields, answer.text
    return parser.fields


@pytest.fixture
def browse(provider: Provider) -> Callable[[str], dict[str, str]]:
    """A browser of its own for each walk: url to the fields of the callback.

    It adds prompt=consent: without it OpenID Connect ignores offline_access, for which Entra asks no such thing.
    """
    trust = ssl.create_default_context(cafile=str(provider.ca))

    def browse(url: str) -> dict[str, str]:
        with httpx.Client(verify=trust, trust_env=False, timeout=30) as client:
            return walk(client, f"{url}&prompt=consent")

    return browse
