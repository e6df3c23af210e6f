"""Proofs of a session's key (RFC 9449): what is one, and that everything else refreshes nothing."""

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cli.proof import SessionKey
from gateway.api.session import REFRESH_COOKIE
from gateway.identity.dpop import MAX_CHARACTERS, REMEMBERED_S, WINDOW_S, InvalidProof, verify
from gateway.store import clock

HTU = "https://localhost:8443/api/v1/session/refresh"
NOW = 1_900_000_000
KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
UNPROVED = "gateway_session_key_unproved_total"


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key: Any = KEY, **changed: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    size = (key.key_size + 7) // 8
    x, y = (b64(number.to_bytes(size)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **changed}


def claims(**changed: Any) -> dict[str, Any]:
    return {"jti": "a-proof-of-its-own", "htm": "POST", "htu": HTU, "iat": NOW, **changed}


def signed(head: Any, body: Any, key: Any = KEY, algorithm: str = "ES256") -> str:
    """A JWS of exactly this header and payload, whatever they say."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (head, body)]
    signing_input = ".".join(map(b64, parts))
    signature = jwt.get_algorithm_by_name(algorithm).sign(signing_input.encode(), key)
    return f"{signing_input}.{b64(signature)}"


def proof(body: dict[str, Any] | None = None, key: Any = KEY, **header: Any) -> str:
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(key), **header}
    return signed(head, body or claims(), key)


def without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {n: value for n, value in members.items() if n != name}


def headers() -> Iterator[tuple[str, str]]:
    """Headers that say something else, each well signed."""
    good = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk()}
    for name, right in good.items():
        yield f"no {name}", signed(without(good, name), claims())
        for value in (None, 1, "", [right]):
            yield f"{name} = {value!r}"[:40], signed({**good, name: value}, claims())
    for typ in ("JWT", "at+jwt", "DPoP+JWT", "dpop", "application/dpop+jwt"):
        yield f"typ {typ}", proof(typ=typ)
    for name in ("kid", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip", "cty", "nonce"):
        yield f"with {name}", proof(**{name: ["b64"] if name == "crit" else "x"})
    for alg in ("none", "None", "HS256", "RS256", "ES384", "EdDSA", "es256", "ES256K"):
        yield f"says {alg}", proof(alg=alg)
    yield "no JSON", signed(b"\xff\xfe", claims())
    yield "a list", signed([good], claims())


def keys() -> Iterator[tuple[str, str]]:
    """Keys of another kind, with a private part, or that aren't one."""
    private = b64(KEY.private_numbers().private_value.to_bytes(32))
    yield "private part", proof(jwk=jwk(d=private))
    for name in ("kid", "use", "alg", "key_ops", "ext", "k", "n", "e", "x5c"):
        yield f"jwk with {name}", proof(jwk=jwk(**{name: "x"}))
    for name in ("kty", "crv", "x", "y"):
        yield f"jwk without {name}", proof(jwk=without(jwk(), name))
    for name, value in {"kty": "OKP", "crv": "P-384"}.items():
        yield f"{name} {value}", proof(jwk=jwk(**{name: value}))
    x, y = jwk()["x"], jwk()["y"]
    for name, point in {
        "not on the curve": (b64(b"\1" * 32), y),
        "zero": (b64(b"\0" * 32), b64(b"\0" * 32)),
        "exchanged": (y, x),
        "a byte short": (x[:-2], y),
        "a byte long": (b64(b"\0" + b"\1" * 32), y),
        "padded": (x + "=", y),
        "empty": ("", ""),
        "over the field": (b64(b"\xff" * 32), y),
    }.items():
        yield name, proof(jwk=jwk(x=point[0], y=point[1]))
    yield "another's key beside our signature", proof(jwk=jwk(OTHER))
    yield "symmetric", _hmac({"kty": "oct", "k": b64(b"secret")}, b"secret")
    yield "the public key as a secret", _hmac(jwk(), json.dumps(jwk()).encode())
    large = rsa.generate_private_key(65537, 2048)
    n = b64(large.public_key().public_numbers().n.to_bytes(256))
    head = {"typ": "dpop+jwt", "alg": "RS256", "jwk": {"kty": "RSA", "n": n, "e": "AQAB"}}
    yield "RSA", signed(head, claims(), large, "RS256")
    curve = ec.generate_private_key(ec.SECP384R1())
    head = {"typ": "dpop+jwt", "alg": "ES384", "jwk": jwk(curve, crv="P-384")}
    yield "P-384", signed(head, claims(), curve, "ES384")
    edwards = ed25519.Ed25519PrivateKey.generate()
    head = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" * 32)}}
    yield "Ed25519", signed(head, claims(), edwards, "EdDSA")


def _hmac(key: dict[str, Any], secret: bytes) -> str:
    head = {"typ": "dpop+jwt", "alg": "HS256", "jwk": key}
    signing_input = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{signing_input}.{b64(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


def forms() -> Iterator[tuple[str, str]]:
    """Not the one spelling of one signed text."""
    head, body, signature = proof().split(".")
    yield from {
        "empty": "",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{head}.{body}.{signature}.",
        "padded": f"{head}.{body}.{signature}==",
        "blank before": f" {head}.{body}.{signature}",
        "two in one": f"{head}.{body}.{signature}, {head}.{body}.{signature}",
        "unsigned bit": f"{head}.{body}.{'A' * 86}",
        "another body": f"{head}.{b64(json.dumps(claims(jti='b' * 20)).encode())}.{signature}",
        "too long": proof(claims(more="x" * MAX_CHARACTERS)),
        "encrypted": f"{head}..{body}.{body}.{signature}",
    }.items()


def bodies() -> Iterator[tuple[str, str]]:
    """Claims of another request, another time, or none."""
    for name in claims():
        yield f"no {name}", proof(without(claims(), name))
        for value in (None, True, 1.5, "", [], {}):
            yield f"{name} = {value!r}", proof(claims(**{name: value}))
    for method in ("GET", "post", "PUT", "POST "):
        yield f"htm {method}", proof(claims(htm=method))
    for htu in (
        *(HTU.replace("refresh", "exchange"), HTU + "/", HTU + "?x", HTU + "#x", HTU.replace("https", "http")),
        *(HTU.replace("localhost", "evil.example"), HTU.replace(":8443", ""), HTU.upper(), "/api/v1/session/refresh"),
    ):
        yield f"htu {htu}"[:60], proof(claims(htu=htu))
    for jti in ("short", "x" * 65, "with blank in the middle", "ä" * 20):
        yield f"jti {jti}"[:30], proof(claims(jti=jti))
    for away in (-WINDOW_S - 1, WINDOW_S + 1, -(10**9), 10**12):
        yield f"iat {away}", proof(claims(iat=NOW + away))
    yield "iat as text", proof(claims(iat=str(NOW)))
    yield "no JSON", signed({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk()}, b"{")


ATTACKS = [*headers(), *keys(), *forms(), *bodies()]


def test_a_good_proof_names_its_key_and_itself() -> None:
    """RFC 7638's thumbprint; the same jti of another key is another proof; remembered until no replica takes it."""
    proved = verify([proof()], HTU, NOW)
    canonical = json.dumps(jwk(), sort_keys=True, separators=(",", ":")).encode()
    assert proved.thumbprint == sha256(canonical).digest()
    assert verify([proof(key=OTHER)], HTU, NOW).name != proved.name
    assert verify([proof(claims(iat=NOW + 1))], HTU, NOW).name == proved.name
    assert proved.remembered_until == (NOW + REMEMBERED_S) * clock.SECOND
    assert REMEMBERED_S > WINDOW_S


@pytest.mark.parametrize("away", [-WINDOW_S, -1, 0, 1, WINDOW_S])
def test_a_browsers_clock_may_be_five_minutes_off(away: int) -> None:
    """Either way, and no second more; claims that we don't know are its own business."""
    verify([proof(claims(iat=NOW + away, ath="x", nonce="y"))], HTU, NOW)


@pytest.mark.parametrize(
    "attack", [one for _, one in ATTACKS], ids=[f"{n} {name}" for n, (name, _) in enumerate(ATTACKS)]
)
def test_whatever_is_no_proof_is_refused_alike(attack: str) -> None:
    """One refusal, in the same words, for all of them."""
    with pytest.raises(InvalidProof) as refused:
        verify([attack], HTU, NOW)
    assert str(refused.value) == str(InvalidProof())


@pytest.mark.parametrize("number", [0, 2])
def test_there_is_exactly_one(number: int) -> None:
    """None, or two of which either would do."""
    with pytest.raises(InvalidProof):
        verify([proof()] * number, HTU, NOW)


def unproved(answer: Any) -> bool:
    assert "set-cookie" not in answer.headers
    return answer.status_code == 400 and answer.json()["code"] == "invalid_dpop_proof"


def proof_for(gateway: Any, path: str, key: Any, **changed: Any) -> str:
    """Of our own making, for a POST to this route now."""
    said = claims(htu=f"{gateway.url}{path}", iat=int(time.time()), **changed)
    return proof(said, key)


async def test_stolen_tokens_are_worth_nothing_without_the_key(gateway: Any) -> None:
    """Cookie, access token, our own origin, a key of the thief's: nothing is spent, and it is counted and logged."""
    tab, cookie = await gateway.session()
    thief = SessionKey().headers(f"{gateway.url}/api/v1/session/refresh")["DPoP"]
    for presented in (thief, ""):
        assert unproved(await gateway.refresh(tab["access_token"], cookie, dpop=presented))
    assert gateway.registry.get_sample_value(UNPROVED) == 1
    await gateway.audit.flush(gateway.engine)
    with gateway.engine.begin() as connection:
        query = "SELECT reason, object_id IS NOT NULL FROM audit_event WHERE kind = 'session.refresh' ORDER BY 2"
        assert connection.exec_driver_sql(query).all() == [("unproved", 0), ("unproved", 1)]
    assert (await gateway.refresh(tab["access_token"], cookie)).status_code == 200


async def test_a_proof_works_once(gateway: Any) -> None:
    """Seen on the wire, it refreshes nothing again: neither with the tokens that it came with, nor with the next."""
    tab, cookie = await gateway.session()
    used = gateway.proved("/api/v1/session/refresh")["dpop"]
    answer = await gateway.refresh(tab["access_token"], cookie, dpop=used)
    assert answer.status_code == 200
    successor = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert unproved(await gateway.refresh(tab["access_token"], cookie, dpop=used))
    assert unproved(await gateway.refresh(answer.json()["access_token"], successor, dpop=used))
    assert (await gateway.refresh(answer.json()["access_token"], successor)).status_code == 200


async def test_of_many_refreshes_with_one_proof_one_wins(gateway: Any) -> None:
    """Eight at once; the others are told of the proof, not of the token, which they never reached."""
    tab, cookie = await gateway.session()
    used = gateway.proved("/api/v1/session/refresh")["dpop"]
    answers = await asyncio.gather(*(gateway.refresh(tab["access_token"], cookie, dpop=used) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


async def test_an_exchange_needs_a_proof_and_gives_its_key_the_session(gateway: Any) -> None:
    """Without one, or with another route's, nothing is exchanged and the code is still good."""
    code = await gateway.code()
    for wrong in ("", "x", gateway.proved("/api/v1/session/refresh")["dpop"]):
        assert unproved(await gateway.exchange(code, dpop=wrong))
    answer = await gateway.exchange(code, dpop=proof_for(gateway, "/api/v1/session/exchange", KEY))
    cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert unproved(await gateway.refresh(answer.json()["access_token"], cookie))
    ours = proof_for(gateway, "/api/v1/session/refresh", KEY, jti="a-second-one-of-it")
    assert (await gateway.refresh(answer.json()["access_token"], cookie, dpop=ours)).status_code == 200


async def test_a_proof_exchanges_once(gateway: Any) -> None:
    """A second code with the first one's proof gets nothing."""
    used = gateway.proved("/api/v1/session/exchange")["dpop"]
    assert (await gateway.exchange(await gateway.code(), dpop=used)).status_code == 200
    assert unproved(await gateway.exchange(await gateway.code(), dpop=used))


async def test_two_headers_are_none(gateway: Any) -> None:
    """Whichever of them a proxy or a library would have looked at."""
    tab, cookie = await gateway.session()
    sent = [("origin", gateway.url), ("cookie", f"{REFRESH_COOKIE}={cookie}")]
    sent += [("dpop", gateway.proved("/api/v1/session/refresh")["dpop"]) for _ in range(2)]
    body = {"access_token": tab["access_token"]}
    assert unproved(await gateway.client.post("/api/v1/session/refresh", json=body, headers=sent))


async def test_a_session_without_a_key_is_not_refreshed(gateway: Any) -> None:
    """One that began before sessions had keys: its person signs in again."""
    tab, cookie = await gateway.session()
    with gateway.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE session SET key_hash = NULL")
    assert unproved(await gateway.refresh(tab["access_token"], cookie))


async def test_used_proofs_are_forgotten_when_they_are_over(gateway: Any) -> None:
    """Six minutes' worth is kept, of hashes."""
    tab, cookie = await gateway.session()
    await gateway.refresh(tab["access_token"], cookie)
    with gateway.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE used_proof SET expires_at = 1")
    await gateway.session()
    with gateway.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM used_proof").scalar_one() == 1


async def test_a_double_click_is_still_one(gateway: Any) -> None:
    """Two refreshes with a proof each: 409 for the second, as without keys."""
    tab, cookie = await gateway.session()
    answers = [await gateway.refresh(tab["access_token"], cookie) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
