"""The ASGI application: authority, Graph and control API behind one mark that says sandbox on every answer."""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import account, control
from sandbox.authority import authorize, client, discovery, token
from sandbox.authority.grants import Grants
from sandbox.authority.office import Challenges, Office
from sandbox.authority.signing_key import SigningKeys
from sandbox.authority.tokens import Identity, TokenMint
from sandbox.faults import FaultSwitch
from sandbox.graph import endpoint
from sandbox.graph.desk import Desk
from sandbox.graph.link import LinkSeal
from sandbox.graph.service import Service
from sandbox.graph.throttle import MailboxLimit
from sandbox.request_log import RequestLog
from sandbox.settings import Settings
from sandbox.store import Store

MODE_HEADER = (b"x-mail-organiser-mode", b"sandbox")
GRAPH_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def build(settings: Settings, store: Store, base_url: str, control_token: str) -> ASGIApp:
    """The application, reachable at `base_url` (https://host:port)."""
    switch, log = FaultSwitch(), RequestLog()
    office = _office(settings, store, base_url, switch)
    limits = {oid: _limit(settings) for oid in office.accounts}
    desk = Desk(store, LinkSeal(store.database), switch)
    service = Service(desk, office, limits, log, settings.service_milliseconds / 1000)
    steering = control.Control(control_token, store, switch, log, office.accounts)
    graph = Route("/v1.0/{path:path}", endpoint.handler(service), methods=GRAPH_METHODS)
    return Marked(Starlette(routes=[graph, *control.routes(steering), *_authority_routes(office)]))


def people(settings: Settings) -> dict[str, account.Account]:
    """The accounts that the settings name, by oid; the one who signs in by default comes first."""
    return account.accounts((settings.user, *settings.more_users), personal=settings.personal)


def _office(settings: Settings, store: Store, base_url: str, switch: FaultSwitch) -> Office:
    identity = Identity(base_url, settings.tenant_id, settings.client_id)
    keys = SigningKeys(store.database)
    return Office(
        identity=identity,
        keys=keys,
        mint=TokenMint(identity, keys, switch, time.time, settings.access_token_seconds),
        grants=Grants(store.database, time.monotonic),
        accounts=people(settings),
        redirect_uris=settings.redirect_uris,
        client=_client(settings),
        challenges=Challenges(),
        faults=switch,
    )


def _client(settings: Settings) -> client.Client:
    secret, key = client.read_secret(settings.client_secret), client.read_key(settings.client_certificate)
    return client.Client(settings.client_id, secret, key)


def _limit(settings: Settings) -> MailboxLimit:
    return MailboxLimit(settings.request_budget, settings.request_window_seconds, time.monotonic)


def _authority_routes(office: Office) -> list[Route]:
    async def discover(request: Request) -> Response:
        return discovery.discovery(office, request)

    async def show_keys(request: Request) -> Response:
        return discovery.keys(office, request)

    async def ask(request: Request) -> Response:
        return await authorize.authorize(office, request)

    async def give(request: Request) -> Response:
        return await token.token(office, request)

    return [
        Route("/{tenant}/v2.0/.well-known/openid-configuration", discover, methods=["GET"]),
        Route("/{tenant}/discovery/v2.0/keys", show_keys, methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/authorize", ask, methods=["GET", "POST"]),
        Route("/{tenant}/oauth2/v2.0/token", give, methods=["POST"]),
    ]


class Marked:
    """Says on every response, errors included, that this is the sandbox."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), MODE_HEADER]
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)
