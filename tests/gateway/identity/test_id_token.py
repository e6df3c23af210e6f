"""Each numbered step of gateway.identity.id_token refuses what it is there for."""

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.identity.id_token import Expected, Identity, verify
from gateway.identity.refusal import SignInReason, SignInRefused

NOW = 1_800_000_000.0
TID = "11111111-2222-4333-8444-555555555555"
OID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
NONCE = "the nonce that MSAL keeps"
ISSUER = f"https://login.example/{TID}/v2.0"
EXPECTED = Expected(issuer=ISSUER, client_id="client", nonce=NONCE, tenants=frozenset())


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def claims(**changed: Any) -> dict[str, Any]:
    """What Entra puts into an ID token, changed as told; None takes a claim away."""
    good = {
        "iss": ISSUER,
        "aud": "client",
        "exp": int(NOW) + 3600,
        "iat": int(NOW),
        "nbf": int(NOW) - 300,
        "tid": TID,
        "oid": OID,
        "nonce": sha256(NONCE.encode()).hexdigest(),
        "preferred_username": "someone@example.test",
        "ver": "2.0",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(key: rsa.RSAPrivateKey, *, header: dict[str, Any] | None = None, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, "RS256", headers={"kid": "k1", **(header or {})})


def reason(token: str, key: rsa.RSAPrivateKey, expected: Expected = EXPECTED, now: float = NOW) -> SignInReason:
    with pytest.raises(SignInRefused) as refused:
        verify(token, {"k1": key.public_key()}, expected, now)
    return refused.value.reason


def test_a_good_token_names_tenant_and_object_id(key: rsa.RSAPrivateKey) -> None:
    """What Microsoft really signs for this flow is accepted, and identity is (tid, oid)."""
    identity = verify(signed(key), {"k1": key.public_key()}, EXPECTED, NOW)
    assert identity == Identity(TID, OID)
    assert identity.username == "someone@example.test"
    assert "someone" not in repr(identity)


def test_the_issuer_template_is_filled_with_the_tokens_own_tenant(key: rsa.RSAPrivateKey) -> None:
    """Multi-tenant: the announced issuer holds {tenantid}; iss must be exactly that, with this token's tid."""
    template = Expected("https://login.example/{tenantid}/v2.0", "client", NONCE, frozenset())
    assert verify(signed(key), {"k1": key.public_key()}, template, NOW) == Identity(TID, OID)
    other = "99999999-2222-4333-8444-555555555555"
    assert reason(signed(key, tid=other), key, template) is SignInReason.TOKEN_INVALID


def test_alg_none_is_refused(key: rsa.RSAPrivateKey) -> None:
    """An unsigned token, which MSAL accepts, is refused."""
    unsigned = jwt.encode(claims(), None, "none", headers={"kid": "k1"})
    assert reason(unsigned, key) is SignInReason.TOKEN_INVALID


def test_hs256_with_the_public_key_as_secret_is_refused(key: rsa.RSAPrivateKey) -> None:
    """Algorithm confusion: the public key is no HMAC secret."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = _b64({"alg": "HS256", "typ": "JWT", "kid": "k1"})
    body = f"{header}.{_b64(claims())}"
    mac = hmac.digest(pem, body.encode(), "sha256")
    token = f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert reason(token, key) is SignInReason.TOKEN_INVALID


def test_another_asymmetric_algorithm_is_refused(key: rsa.RSAPrivateKey) -> None:
    """RS256 only: not even a good PS256 signature of the right key."""
    token = jwt.encode(claims(), key, "PS256", headers={"kid": "k1"})
    assert reason(token, key) is SignInReason.TOKEN_INVALID
    elliptic = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "k1"})
    assert reason(elliptic, key) is SignInReason.TOKEN_INVALID


def test_a_forged_signature_is_refused(key: rsa.RSAPrivateKey) -> None:
    """Signed by someone else under a published key's name."""
    assert reason(signed(rsa.generate_private_key(65537, 2048)), key) is SignInReason.TOKEN_INVALID


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit", "zip"])
def test_a_header_that_brings_its_own_key_is_refused(key: rsa.RSAPrivateKey, name: str) -> None:
    """Keys come from the authority, never from the token, however well it is signed."""
    assert reason(signed(key, header={name: "anything"}), key) is SignInReason.TOKEN_INVALID


@pytest.mark.parametrize("kid", ["k2", "", "../k1", "k1'--"])
def test_an_unknown_key_id_is_refused(key: rsa.RSAPrivateKey, kid: str) -> None:
    """A key that the authority doesn't publish proves nothing."""
    assert reason(signed(key, header={"kid": kid}), key) is SignInReason.TOKEN_INVALID


def test_a_missing_key_id_is_refused(key: rsa.RSAPrivateKey) -> None:
    """Without kid there is no guessing."""
    assert reason(jwt.encode(claims(), key, "RS256"), key) is SignInReason.TOKEN_INVALID


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "https://login.example/other/v2.0"}, SignInReason.TOKEN_INVALID),
        ({"iss": ISSUER + "/"}, SignInReason.TOKEN_INVALID),
        ({"aud": "another client"}, SignInReason.TOKEN_INVALID),
        ({"aud": ["client", "another"]}, SignInReason.TOKEN_INVALID),
        ({"exp": int(NOW) - 60}, SignInReason.TOKEN_INVALID),
        ({"exp": "never"}, SignInReason.TOKEN_INVALID),
        ({"nbf": int(NOW) + 61}, SignInReason.TOKEN_INVALID),
        ({"iat": int(NOW) + 61}, SignInReason.TOKEN_INVALID),
        ({"nonce": NONCE}, SignInReason.NONCE_MISMATCH),
        ({"nonce": sha256(b"another").hexdigest()}, SignInReason.NONCE_MISMATCH),
        ({"tid": "x/../y", "iss": "https://login.example/x/../y/v2.0"}, SignInReason.TOKEN_INVALID),
        ({"oid": ""}, SignInReason.TOKEN_INVALID),
        ({"oid": "a b"}, SignInReason.TOKEN_INVALID),
        *[({name: None}, SignInReason.TOKEN_INVALID) for name in ("iss", "aud", "exp", "iat", "tid", "oid", "nonce")],
    ],
)
def test_each_claim_changed_alone_is_refused(
    key: rsa.RSAPrivateKey, changed: dict[str, Any], expected: SignInReason
) -> None:
    """Well signed, one claim wrong."""
    assert reason(signed(key, **changed), key) is expected


def test_a_tid_that_the_issuer_does_not_name_is_refused(key: rsa.RSAPrivateKey) -> None:
    """Single tenant: iss is right to the letter, and the token still claims to be about another tenant's person."""
    assert reason(signed(key, tid="99999999-2222-4333-8444-555555555555"), key) is SignInReason.TOKEN_INVALID


def test_a_path_in_tid_does_not_reach_the_issuer_template(key: rsa.RSAPrivateKey) -> None:
    """Tid is checked before it is written into the template that iss is compared with."""
    template = Expected("https://login.example/{tenantid}/v2.0", "client", NONCE, frozenset())
    token = signed(key, tid="x/../y", iss="https://login.example/x/../y/v2.0")
    assert reason(token, key, template) is SignInReason.TOKEN_INVALID


def test_a_tenant_outside_the_list_is_refused(key: rsa.RSAPrivateKey) -> None:
    """With a list, only the tenants on it sign in."""
    pinned = Expected(ISSUER, "client", NONCE, frozenset({"another"}))
    assert reason(signed(key), key, pinned) is SignInReason.TENANT_NOT_ALLOWED
    listed = Expected(ISSUER, "client", NONCE, frozenset({TID}))
    assert verify(signed(key), {"k1": key.public_key()}, listed, NOW).tid == TID


def test_clocks_may_differ_by_less_than_a_minute(key: rsa.RSAPrivateKey) -> None:
    """The leeway is 60 s, both ways."""
    keys = {"k1": key.public_key()}
    assert verify(signed(key, exp=int(NOW) - 59), keys, EXPECTED, NOW)
    assert verify(signed(key, iat=int(NOW) + 60, nbf=int(NOW) + 60), keys, EXPECTED, NOW)


def test_only_the_canonical_spelling_is_accepted(key: rsa.RSAPrivateKey) -> None:
    """Padding, which PyJWT lets pass, and other bytes in the unused bits are refused."""
    token = signed(key)
    header, payload, signature = token.split(".")
    padded = f"{header}.{payload}.{signature}=="
    jwt.PyJWS().decode(padded, key.public_key(), ["RS256"])  # PyJWT alone would let it in
    assert reason(padded, key) is SignInReason.TOKEN_INVALID
    assert reason(token + "\n", key) is SignInReason.TOKEN_INVALID
    assert reason(f"{token}.", key) is SignInReason.TOKEN_INVALID
    assert reason("é" + token, key) is SignInReason.TOKEN_INVALID


def test_a_giant_token_is_refused_unread(key: rsa.RSAPrivateKey) -> None:
    """16 KiB is the end, whatever it holds."""
    assert reason(signed(key, padding="x" * 20_000), key) is SignInReason.TOKEN_INVALID


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
