"""A whole house for measuring: the real processes as `make run` starts them.

With room in the limits, spans that leave for a collector, and access tokens as the gateway mints them.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import secrets
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from envoy import Tokens

from chassis.tls import TlsFiles
from cli.child import Child
from cli.house import EDGE, HOST, House, Ports
from cli.place import Place
from cli.sign_in import signed_in
from gateway.edge.limits import Limits
from gateway.identity.jwt import AccessTokens, Principal, TokenKeys
from gateway.store import clock
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot

READY_S = 120.0
TOKENS = 50  # different ones, which take turns
ROOM = 100_000_000  # requests a minute: every limit is asked, and none says no
LIMITS = "\n".join(["[limits]", *(f"{name} = {ROOM}" for name in Limits._fields)])


@dataclass(frozen=True)
class Running:
    """What the bench needs of a house."""

    url: str
    gateway: int
    sentinel: int
    edge: TlsFiles
    access: list[str]
    trusted: Tokens


@contextmanager
def house(root: Path) -> Iterator[Running]:
    """Four processes, signed in."""
    place = Place.make(root)
    made = House(place, Ports.choose(0), "sample")
    made.renew()
    children = {child.name: child for child in (*made.engines(), *made.mailbox())}
    with collector() as port:
        settings = place.path("settings", "gateway.toml")
        settings.write_text(f'otlp_endpoint = "http://{HOST}:{port}"\n{settings.read_text()}\n{LIMITS}\n')
        try:
            for child in children.values():
                child.start()
            yield _signed_in(made, place, children)
        finally:
            for child in children.values():
                child.stop()


@contextmanager
def collector() -> Iterator[int]:
    """An OTLP collector that takes everything and keeps nothing."""
    server = grpc.server(ThreadPoolExecutor(1))
    export = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": export}),))
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def _signed_in(made: House, place: Place, children: dict[str, Child]) -> Running:
    context = ssl.create_default_context(cafile=str(made.authority))
    with httpx.Client(base_url=made.url, verify=context, trust_env=False, timeout=30) as client:
        _until_ready(client)
        token = signed_in(client, made.url).token
    root = FileRoot(place.path("secrets", "root.key"), data_folder=place.path("data", "."))
    keyring = Keyring.open(root, place.path("data", "keys.sealed"))
    audience = f"{made.url}/api"
    key = keyring.signing_keys()[0].key
    return Running(
        url=made.url,
        gateway=children["gateway"].pid,
        sentinel=children["sentinel"].pid,
        edge=made.files(EDGE),
        access=_more(AccessTokens(TokenKeys(key), issuer=made.url, audience=audience), token),
        trusted=Tokens(made.url, audience, _jwks(token, key)),
    )


def _until_ready(client: httpx.Client) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        try:
            if client.get("/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the house did not get ready")


def _more(tokens: AccessTokens, token: str) -> list[str]:
    """Tokens of the same session, as a tab has them one after the other."""
    who = tokens.verify(token, clock.now() / 1000)
    again = (Principal(who.person_id, who.session_id, secrets.token_urlsafe(16)) for _ in range(TOKENS))
    return [tokens.mint(principal, clock.now() // 1000) for principal in again]


def _jwks(token: str, key: ec.EllipticCurvePrivateKey) -> dict[str, object]:
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"keys": [{**public, "kid": jwt.get_unverified_header(token)["kid"], "alg": "ES256", "use": "sig"}]}
