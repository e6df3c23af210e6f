"""Starts the sandbox as a process of its own, steers it and signs in to it: for tests and for `make run`.

Guarantees that a started sandbox answers when `start` returns, and that only the process started here is ever ended.
Speaks HTTP with the standard library alone, so that whoever uses it needs nothing but the sandbox's own dependencies.
"""

import base64
import dataclasses
import hashlib
import http.client
import json
import secrets
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

STOP_SECONDS = 10
DEFAULTS = {
    "host": "localhost",
    "port": 0,
    "database": "sandbox.db",
    "control_token": "control-token",
    "tenant_id": "sandbox-0000-4000-8000-000000000001",
    "client_id": "mail-organiser-sandbox-client",
    "redirect_uris": ["https://localhost:8080/callback"],
    "user": "owner@sandbox.test",
}


class NotStarted(Exception):
    """The sandbox ended before it answered; the message is what it wrote to stderr."""


@dataclasses.dataclass(slots=True)
class RunningSandbox:
    """A sandbox that answers at `url`. `authority` is the CA's PEM file; `settings` what it was started with."""

    url: str
    token: str = dataclasses.field(repr=False)
    authority: Path
    settings: dict[str, Any]
    settings_path: Path
    process: subprocess.Popen[str]

    @property
    def graph(self) -> str:
        """Graph's base URL."""
        return f"{self.url}/v1.0"

    @property
    def tenant_authority(self) -> str:
        """What MSAL calls the authority."""
        return f"{self.url}/{self.settings['tenant_id']}"

    def control(self, method: str, path: str, document: Any = None) -> Any:
        """One control call: `path` after /control. Raises ValueError with the answer when it isn't 200."""
        body = None if document is None else json.dumps(document)
        status, _, raw = self.http(method, f"/control{path}", {"Authorization": f"Bearer {self.token}"}, body)
        if status != http.HTTPStatus.OK:
            raise ValueError(f"control answered {status}: {raw.decode()}")
        return json.loads(raw)

    def faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Put these fault rules in force in place of all others; none ends all faults."""
        self.control("POST", "/faults", {"seed": seed, "faults": list(rules)})

    def http(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One plain request on a connection of its own: status, headers, body. Follows no redirect."""
        where = urlsplit(self.url)
        trust = ssl.create_default_context(cafile=str(self.authority))
        connection = http.client.HTTPSConnection(where.hostname or "", where.port, timeout=30, context=trust)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def sign_in(self, *scopes: str, user: str | None = None, claims: str | None = None) -> dict[str, Any]:
        """The token answer of a whole code flow with PKCE for these Graph scopes."""
        verifier = secrets.token_urlsafe(48)
        code = self._code([*scopes, "openid", "offline_access"], verifier, user)
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "client_info": "1"}
        form |= {"redirect_uri": self.settings["redirect_uris"][0]} | ({"claims": claims} if claims else {})
        return self.token_answer(form)[1]

    def token_answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the token endpoint for a form; the client id is added."""
        path = f"/{self.settings['tenant_id']}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, raw = self.http("POST", path, headers, urlencode({"client_id": self.settings["client_id"]} | form))
        return status, json.loads(raw)

    def access_token(self, *scopes: str, user: str | None = None) -> str:
        """An access token for these Graph scopes."""
        return str(self.sign_in(*scopes, user=user)["access_token"])

    def _code(self, scopes: list[str], verifier: str, user: str | None) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = {"client_id": self.settings["client_id"], "response_type": "code", "scope": " ".join(scopes)}
        query |= {"redirect_uri": self.settings["redirect_uris"][0], "code_challenge": challenge}
        query |= {"code_challenge_method": "S256", "state": "state", "nonce": "nonce", "approve": "1"}
        query |= {"user": user} if user else {}
        path = f"/{self.settings['tenant_id']}/oauth2/v2.0/authorize?{urlencode(query)}"
        _, headers, _ = self.http("GET", path)
        return parse_qs(urlsplit(headers["location"]).query)["code"][0]

    def stop(self) -> None:
        """End it in order; its mailbox stays."""
        self.process.terminate()
        self._wait()

    def kill(self) -> None:
        """End it at once, as a crash would; its mailbox stays."""
        self.process.kill()
        self._wait()

    def _wait(self) -> None:
        self.process.communicate(timeout=STOP_SECONDS)


def start(folder: Path, authority: Path, certificate: Path, key: Path, **settings: Any) -> RunningSandbox:
    """Start a sandbox that keeps its files in `folder`. `settings` override DEFAULTS; sandbox.settings tells them."""
    chosen: dict[str, Any] = DEFAULTS | {"certificate": str(certificate), "key": str(key)} | settings
    path = folder / "sandbox.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in chosen.items()), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603  # this program's own module, with a path we wrote
        [sys.executable, "-P", "-m", "sandbox.main", "--settings", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ready = process.stdout.readline() if process.stdout else ""
    if not ready:
        raise NotStarted(process.communicate(timeout=STOP_SECONDS)[1])
    token = (folder / chosen["control_token"]).read_text(encoding="utf-8").strip()
    return RunningSandbox(json.loads(ready)["url"], token, authority, chosen, path, process)
