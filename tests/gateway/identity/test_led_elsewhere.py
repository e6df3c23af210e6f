"""An authority that leads elsewhere, or speaks for another: what a configured address is asked, it alone answers."""

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chassis.errors import Unavailable
from chassis.settings import SecretFile
from chassis.tls import TlsFiles
from gateway.identity.flow import Flow, Wanted
from gateway.identity.microsoft import DISCOVERY, Microsoft, MicrosoftSettings
from gateway.identity.refusal import SignInRefused
from gateway.store.codes import Access

TENANT, ELSEWHERE = "/tenant", "/elsewhere"


class Crossroads(BaseHTTPRequestHandler):
    """Answers its own discovery, sends everything in `leading_away` elsewhere, and notes who came."""

    leading_away: ClassVar[set[str]] = set()
    asked: ClassVar[list[str]] = []
    calls_itself: ClassVar[str] = ""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        self.asked.append(self.path)
        away = self.path in self.leading_away
        body = json.dumps(self._document()).encode()
        self.send_response(307 if away else 200)  # 307 keeps method and body: a secret would go along
        if away:
            self.send_header("location", f"{self._own()}{ELSEWHERE}")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _document(self) -> dict[str, Any]:
        at = f"{self._own()}{TENANT}"
        return {
            "issuer": self.calls_itself or f"{at}/v2.0",
            "jwks_uri": f"{at}/keys",
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "keys": [],
        }

    def _own(self) -> str:
        return f"https://localhost:{self.server.server_address[1]}"


@pytest.fixture
def crossroads(tls: TlsFiles) -> Iterator[str]:
    """The address of an authority that leads away."""
    Crossroads.asked, Crossroads.leading_away, Crossroads.calls_itself = [], set(), ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Crossroads)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"https://localhost:{server.server_address[1]}{TENANT}"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture
def microsoft(crossroads: str, tls: TlsFiles, tmp_path: Path) -> Iterator[Microsoft]:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    secret.chmod(0o600)
    settings = MicrosoftSettings(
        client_id="client", authority=crossroads, client_secret_file=SecretFile(secret), authority_ca_file=tls.authority
    )
    client = Microsoft(settings)
    yield client
    client.close()


async def test_a_discovery_that_leads_away_is_none(microsoft: Microsoft) -> None:
    """Neither ours nor MSAL's question for it goes on."""
    Crossroads.leading_away = {f"{TENANT}{DISCOVERY}"}
    with pytest.raises(Unavailable):
        await microsoft.metadata()
    with pytest.raises(Unavailable):
        await microsoft.begin("https://localhost/callback", "c" * 43, Wanted(Access.FULL))
    assert set(Crossroads.asked) == {f"{TENANT}{DISCOVERY}"}


async def test_keys_are_not_fetched_elsewhere(microsoft: Microsoft, crossroads: str) -> None:
    """Whoever could write a redirect would choose who signs identity tokens."""
    Crossroads.leading_away = {f"{TENANT}/keys"}
    await microsoft.fetch(f"{crossroads}/keys")
    assert Crossroads.asked == [f"{TENANT}/keys"]


async def test_code_and_secret_are_not_sent_elsewhere(microsoft: Microsoft) -> None:
    """A redirected token request carries the code, its verifier and the application's secret: it ends here."""
    Crossroads.leading_away = {f"{TENANT}/token"}
    flow = Flow(
        state="state",
        nonce="nonce",
        code_verifier="v" * 43,
        redirect_uri="https://localhost/callback",
        auth_uri="https://localhost/authorize",
        scope=("User.Read",),
        challenge="c" * 43,
        wanted=Wanted(Access.FULL),
    )
    with pytest.raises((SignInRefused, Unavailable)):
        await microsoft.complete(flow, {"state": "state", "code": "a code"})
    assert f"{TENANT}/token" in Crossroads.asked
    assert ELSEWHERE not in Crossroads.asked


async def test_nothing_is_sent_to_an_authority_that_speaks_for_another(microsoft: Microsoft) -> None:
    """Neither a person nor a code nor a refresh token: discovery is asked, and nothing after it."""
    Crossroads.calls_itself = "https://login.example/tenant/v2.0"
    for attempt in (
        microsoft.metadata(),
        microsoft.begin("https://localhost/callback", "c" * 43, Wanted(Access.FULL)),
        microsoft.credential(),
        microsoft.silent(b"{}", Access.FULL, None),
    ):
        with pytest.raises(Unavailable, match="Ask your operator to run doctor"):
            await attempt
    assert set(Crossroads.asked) == {f"{TENANT}{DISCOVERY}"}
