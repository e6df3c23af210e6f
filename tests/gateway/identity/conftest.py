"""The real thing: our listener over TLS, a database file, a vault, and the sandbox authority as its own process."""

import asyncio
import socket
import ssl
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from opentelemetry.trace import NoOpTracer
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from chassis.authority import LocalAuthority
from chassis.settings import SecretFile
from chassis.tls import TlsFiles
from cli.proof import SessionKey
from gateway import edge
from gateway.api import access, api_keys, consents, failures, mailboxes, session, sessions
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.edge import problems
from gateway.edge.bucket import Policy
from gateway.edge.limits import Limits
from gateway.edge.listener import Address, Listener
from gateway.edge.tokens import principal
from gateway.identity.api_keys import ApiKeys
from gateway.identity.jwt import AccessTokens, Principal, TokenKeys
from gateway.identity.live import LiveSessions
from gateway.identity.microsoft import Microsoft, MicrosoftSettings
from gateway.identity.revocation import SignOut
from gateway.identity.sessions import Sessions
from gateway.identity.sign_in import SignIns
from gateway.identity.signals import Signals
from gateway.identity.token_source import TokenSource
from gateway.organise.context import Context
from gateway.store import clock
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault
from sandbox.testing import RunningSandbox, start

VERIFIER = "a-verifier-that-only-the-tab-knows-0123456789"
CLIENT_SECRET = "sandbox-client-secret"  # opens nothing but the sandbox of this test
ROOMY = Limits(
    session=Policy("session", quota=10_000, window_s=60), failures=Policy("failures", quota=10_000, window_s=60)
)


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return LocalAuthority.open(tmp_path_factory.mktemp("tls")).issue("localhost", hosts=["127.0.0.1"])


@pytest.fixture(scope="session")
def port() -> int:
    """The gateway's: the sandbox must know the callback's address before the gateway starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def authority(tls: TlsFiles, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    secret = folder / "client-secret"
    secret.write_text(CLIENT_SECRET)
    secret.chmod(0o600)
    running = start(
        folder,
        tls.authority,
        tls.certificate,
        tls.key,
        redirect_uris=[f"https://localhost:{port}/api/v1/session/callback"],
        more_users=["second@sandbox.test"],
        client_secret="client-secret",  # a file's name
    )
    yield running
    running.stop()


@pytest.fixture
def sandbox(authority: RunningSandbox) -> Iterator[RunningSandbox]:
    """The authority, without faults before and after."""
    authority.faults()
    yield authority
    authority.faults()


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


def refresh_token(answer: httpx.Response) -> str:
    """The token in an answer's cookie."""
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == session.REFRESH_COOKIE
    return value


def given(headers: dict[str, str]) -> dict[str, str]:
    """Those that have a value."""
    return {name: value for name, value in headers.items() if value}


@dataclass
class Gateway:
    """A running gateway, and what a browser and a tab do with it."""

    url: str
    engine: Engine
    vault: Vault
    microsoft: Microsoft
    source: TokenSource
    tokens: AccessTokens
    live: LiveSessions
    client: httpx.AsyncClient
    listener: Listener
    registry: CollectorRegistry
    audit: Trail
    key: SessionKey = field(default_factory=SessionKey)

    async def start(self, verifier: str = VERIFIER) -> tuple[str, str]:
        """Microsoft's URL and the browser's cookie."""
        answer = await self.client.post("/api/v1/session/sign-in", json={"challenge": challenge_of(verifier)})
        answer.raise_for_status()
        self.client.cookies.clear()  # each test says itself which browser it is
        return answer.json()["url"], answer.headers["set-cookie"].partition(";")[0]

    async def authorize(self, url: str, *, approve: str = "1", user: str = "owner@sandbox.test") -> dict[str, str]:
        """What Microsoft's page posts back."""
        page = await self.client.get(url, params={**httpx.URL(url).params, "approve": approve, "user": user})
        parser = _Inputs()
        parser.feed(page.text)
        return parser.fields

    async def callback(self, fields: dict[str, str], cookie: str | None) -> httpx.Response:
        headers = {"cookie": cookie} if cookie else {}
        return await self.client.post("/api/v1/session/callback", data=fields, headers=headers)

    async def code(self, **who: str) -> str:
        """A one-time code, by the whole walk."""
        url, cookie = await self.start()
        answer = await self.callback(await self.authorize(url, **who), cookie)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].removeprefix("/#code=")

    async def exchange(self, code: str, verifier: str = VERIFIER, **headers: str) -> httpx.Response:
        """As our own page asks, with a proof of its key; another or none by dpop=."""
        path = "/api/v1/session/exchange"
        sent = self.proved(path) | headers
        return await self.client.post(path, json={"code": code, "verifier": verifier}, headers=given(sent))

    def proved(self, path: str) -> dict[str, str]:
        """The header that a proof of the tab's key is in, for one POST to this path."""
        return {"dpop": self.key.headers(f"{self.url}{path}")["DPoP"]}

    async def session(self) -> tuple[dict[str, Any], str]:
        """A new session: what the tab has, and the refresh token that the browser keeps for it."""
        answer = await self.exchange(await self.code())
        return dict(answer.json()), refresh_token(answer)

    async def refresh(self, access_token: str, cookie: str | None, **headers: str) -> httpx.Response:
        """As our own page asks, with this cookie and a proof of the tab's key."""
        path = "/api/v1/session/refresh"
        sent = {"origin": self.url, **({"cookie": f"{session.REFRESH_COOKIE}={cookie}"} if cookie else {})}
        self.client.cookies.clear()
        sent |= self.proved(path) | headers
        return await self.client.post(path, json={"access_token": access_token}, headers=given(sent))

    async def sign_in(self, **who: str) -> dict[str, Any]:
        answer = await self.exchange(await self.code(**who))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def begin(self, token: str, path: str, **body: str) -> tuple[str, str]:
        """Microsoft's URL and the browser's cookie, for who is signed in already: `path` after /api/v1/mailboxes."""
        headers = {"authorization": f"Bearer {token}"}
        document = {"challenge": challenge_of(VERIFIER), **body}
        answer = await self.client.post(f"/api/v1/mailboxes{path}", json=document, headers=headers)
        assert answer.status_code == 200, answer.text
        self.client.cookies.clear()
        return answer.json()["url"], answer.headers["set-cookie"].partition(";")[0]

    async def again(self, token: str, path: str, *, user: str = "owner@sandbox.test", **body: str) -> httpx.Response:
        """The callback's answer of such a walk."""
        url, cookie = await self.begin(token, path, **body)
        return await self.callback(await self.authorize(url, user=user), cookie)

    async def mailboxes(self, token: str) -> list[dict[str, Any]]:
        answer = await self.client.get("/api/v1/mailboxes", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def who(self, token: str) -> httpx.Response:
        return await self.client.get("/api/v1/who", headers={"authorization": f"Bearer {token}"})

    async def sign_out(self, token: str) -> httpx.Response:
        return await self.client.delete("/api/v1/session", headers={"authorization": f"Bearer {token}"})


def settings_for(sandbox: RunningSandbox, folder: Path, **changed: Any) -> MicrosoftSettings:
    secret = folder / "client-secret"
    secret.write_text(CLIENT_SECRET)
    secret.chmod(0o600)
    good: dict[str, Any] = {
        "client_id": sandbox.settings["client_id"],
        "authority": sandbox.tenant_authority,
        "client_secret_file": SecretFile(secret),
        "authority_ca_file": sandbox.authority,
    }
    return MicrosoftSettings(**{**good, **changed})


@pytest.fixture
def microsoft_settings(sandbox: RunningSandbox, tmp_path: Path) -> Callable[..., MicrosoftSettings]:
    """The sandbox's, with changes by keyword."""
    return lambda **changed: settings_for(sandbox, tmp_path, **changed)


@asynccontextmanager
async def running(  # what one gateway is made of
    sandbox: RunningSandbox,
    tls: TlsFiles,
    port: int,
    engine: Engine,
    folder: Path,
    instead: MicrosoftSettings | None = None,
    **changed: Any,
) -> AsyncIterator[Gateway]:
    """instead: another authority than the sandbox's."""
    root = FileRoot(folder / "root.key", data_folder=folder / "data")
    keyring = Keyring.create(root, folder / "keys", now=clock.now())
    tally = Tally()
    vault = Vault(keyring, "test", note=tally.note)
    audit = Trail(keyring, vault, "test", tally=tally, failed=lambda: None)
    microsoft = Microsoft(instead or settings_for(sandbox, folder, **changed))
    url = f"https://localhost:{port}"
    tokens = AccessTokens(TokenKeys(keyring.signing_keys()[0].key), issuer=url, audience=url)
    live = LiveSessions(engine)
    sign_ins = SignIns(engine, vault, microsoft, audit, redirect_uri=f"{url}/api/v1/session/callback")
    registry = CollectorRegistry()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    nothing: Any = None  # of what signing in has no use for
    app.state.context = Context(engine, vault, nothing, nothing, 0, nothing, audit)
    keys = ApiKeys(engine, vault, live, audit, max_days=90)
    routers = [
        session.router(sign_ins, Sessions(engine, tokens, live, Signals(registry), audit)),
        sessions.router(SignOut(engine, live, audit)),
        consents.router(sign_ins),
        mailboxes.router(nothing),
        api_keys.router(keys),
    ]
    for router in routers:
        app.include_router(router, dependencies=[Depends(access.permitted)])
    problems.install(app)
    failures.install(app)

    @app.get("/api/v1/who")
    async def who(caller: Annotated[Principal, Depends(principal)]) -> dict[str, str]:
        return {"person": caller.person_id, "session": caller.session_id}

    wrapped = edge.wrap(
        app,
        verifier=tokens,
        is_live=live,
        key_check=keys,
        audit=audit,
        tracer=NoOpTracer(),
        registry=CollectorRegistry(),
        limits=ROOMY,
    )
    listener = Listener(wrapped, Address("127.0.0.1", port), tls)
    trust = ssl.create_default_context(cafile=str(tls.authority))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, verify=trust, trust_env=False, timeout=30)
        )
        serving = asyncio.create_task(listener.serve())
        while not listener.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
        source = TokenSource(engine, vault, microsoft, audit)
        try:
            yield Gateway(url, engine, vault, microsoft, source, tokens, live, client, listener, registry, audit)
        finally:  # also when a test fails inside: the next one needs the port
            await client.aclose()
            listener.should_exit = True
            await serving
            microsoft.close()


RunGateway = Callable[..., Any]


@pytest.fixture
async def gateway(run_gateway: RunGateway) -> AsyncIterator[Gateway]:
    async with run_gateway() as built:
        yield built


@pytest.fixture
def run_gateway(sandbox: RunningSandbox, tls: TlsFiles, port: int, database: Engine, tmp_path: Path) -> RunGateway:
    """Like `gateway`, with other Microsoft settings."""
    return lambda **changed: running(sandbox, tls, port, database, tmp_path, **changed)
