"""Our own access tokens: what mint() writes is all that verify() accepts."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Unauthenticated
from gateway.identity import jwt as access
from gateway.identity.jwt import LIFETIME_S, AccessTokens, Principal, TokenKeys

NOW = 1_800_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
WHO = Principal("per_a", "ses_b", "jti-c")


def tokens(key: ec.EllipticCurvePrivateKey = KEY, **named: Any) -> AccessTokens:
    return AccessTokens(TokenKeys(key, **named), issuer="https://mail.example", audience="https://mail.example")


def refused(token: str, now: float = NOW, by: AccessTokens | None = None) -> bool:
    with pytest.raises(Unauthenticated) as refusal:
        (by or tokens()).verify(token, now)
    return refusal.value.detail == access.REFUSED


def header(token: str) -> dict[str, Any]:
    return dict(jwt.get_unverified_header(token))


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def forged(head: dict[str, Any], body: dict[str, Any], key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """Signed with the real key: only what it says is wrong."""
    return jwt.encode(body, key, "ES256", headers=head)


def test_a_minted_token_verifies_and_has_the_profiles_form() -> None:
    """RFC 9068: at+jwt, ES256, ten minutes, ids only."""
    token = tokens().mint(WHO, NOW)
    assert tokens().verify(token, NOW) == WHO
    assert header(token) | {"kid": ""} == {"alg": "ES256", "typ": "at+jwt", "kid": ""}
    assert claims(token)["exp"] - claims(token)["iat"] == LIFETIME_S == 600
    assert set(claims(token)) == {"iss", "aud", "exp", "iat", "jti", "sid", "sub", "client_id"}


def test_it_ends_after_ten_minutes_even_if_it_was_verified_before() -> None:
    """The cache of verified tokens knows their end."""
    verifier = tokens()
    token = verifier.mint(WHO, NOW)
    assert verifier.verify(token, NOW + LIFETIME_S - 1) == WHO
    assert refused(token, NOW + LIFETIME_S, verifier)
    assert refused(token, NOW + LIFETIME_S)


def test_alg_none_is_refused() -> None:
    """No signature, no entry, however the word is written."""
    body = claims(tokens().mint(WHO, NOW))
    for alg in ("none", "None", "NONE", "nOnE"):
        head = {**header(tokens().mint(WHO, NOW)), "alg": alg}
        for signature in ("", "AA"):
            assert refused(f"{_b64(head)}.{_b64(body)}.{signature}")


def test_hs256_with_the_public_key_as_secret_is_refused() -> None:
    """Algorithm confusion: the public key in each of its encodings is no HMAC secret."""
    token = tokens().mint(WHO, NOW)
    public = KEY.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for secret in (pem, pem.strip(), point, b""):
        body = f"{_b64({**header(token), 'alg': 'HS256'})}.{_b64(claims(token))}"
        mac = hmac.digest(secret, body.encode(), "sha256")
        assert refused(f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    "changed",
    [
        {"kid": "another"},
        {"kid": ""},
        {"kid": "../../key.pem"},
        {"kid": "' OR 1=1"},
        {"kid": None},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
        {"crit": ["exp"]},
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"typ": "application/at+jwt"},
        {"cty": "JWT"},
    ],
)
def test_any_other_header_is_refused_though_the_real_key_signed_it(changed: dict[str, Any]) -> None:
    """Only the header that we write ourselves, byte for byte."""
    token = tokens().mint(WHO, NOW)
    head = {name: value for name, value in {**header(token), **changed}.items() if value is not None}
    signing_input = f"{_b64(head)}.{_b64(claims(token))}"
    assert refused(f"{signing_input}.{_signature(signing_input)}")


def test_the_same_members_in_another_order_are_refused() -> None:
    """The check is on bytes, so there is no JSON to read two ways."""
    token = tokens().mint(WHO, NOW)
    head = dict(reversed(header(token).items()))
    signing_input = f"{_b64(head)}.{_b64(claims(token))}"
    assert refused(f"{signing_input}.{_signature(signing_input)}")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "https://evil.example"},
        {"aud": ["https://mail.example"]},
        {"exp": NOW},
        {"exp": NOW + LIFETIME_S + 1},
        {"exp": float(NOW + 60) + 0.5},
        {"exp": str(NOW + 60)},
        {"iat": NOW + 6, "exp": NOW + 60},
        {"sid": ""},
        {"sub": ""},
        {"jti": ""},
        {"scope": "everything"},
        {"nbf": NOW + 60},
        *[{name: None} for name in ("iss", "aud", "exp", "iat", "jti", "sid", "sub")],
    ],
)
def test_each_claim_changed_alone_is_refused(changed: dict[str, Any]) -> None:
    """Signed with the real key under the real header; one claim is wrong, missing or not ours."""
    token = tokens().mint(WHO, NOW)
    body = {name: value for name, value in {**claims(token), **changed}.items() if value is not None}
    signing_input = f"{token.partition('.')[0]}.{_b64(body)}"
    assert refused(f"{signing_input}.{_signature(signing_input)}")


def test_a_token_of_another_key_is_refused() -> None:
    """Also under our key's header."""
    other = ec.generate_private_key(ec.SECP256R1())
    theirs = tokens(other).mint(WHO, NOW)
    assert refused(theirs)
    head = tokens().mint(WHO, NOW).partition(".")[0]
    body = theirs.split(".")[1]
    assert refused(f"{head}.{body}.{_signature(f'{head}.{body}', other)}")


def test_an_id_token_is_no_access_token() -> None:
    """Typ JWT, another algorithm: what Microsoft signs opens nothing here."""
    key = rsa.generate_private_key(65537, 2048)
    assert refused(jwt.encode(claims(tokens().mint(WHO, NOW)), key, "RS256", headers={"kid": "k"}))


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x00" * 63, b"\xff" * 64])
def test_degenerate_signatures_are_refused(signature: bytes) -> None:
    """The "psychic" signature (r = s = 0) and its relatives."""
    head, body, _ = tokens().mint(WHO, NOW).split(".")
    assert refused(f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


def test_other_spellings_of_a_token_are_refused() -> None:
    """Padding and set unused bits decode to the same bytes; PyJWT accepts the former."""
    token = tokens().mint(WHO, NOW)
    assert refused(token + "==")
    assert refused(token + "=")
    assert refused(token[:-1] + _next_letter(token[-1]))
    assert refused(token.replace(".", "=.", 1))
    assert refused(token + "\n")
    assert refused(" " + token)
    assert refused(token + ".")


def test_a_token_is_named_by_its_ids_because_ecdsa_has_a_second_signature() -> None:
    """(r, n-s) verifies too: that is why nothing may be keyed on a token's text."""
    token = tokens().mint(WHO, NOW)
    head, body, signature = token.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    other = f"{head}.{body}.{base64.urlsafe_b64encode(twin).rstrip(b'=').decode()}"
    assert other != token
    assert tokens().verify(other, NOW) == WHO


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_noise_is_refused_in_the_one_way(noise: str) -> None:
    """Whatever the Authorization header holds, the answer is the same and nothing breaks."""
    assert refused(noise)


def test_a_retired_key_is_believed_until_it_is_removed() -> None:
    """Rotation: yesterday's tokens live out their ten minutes."""
    new = ec.generate_private_key(ec.SECP256R1())
    old_token = tokens().mint(WHO, NOW)
    assert tokens(new, retired=[KEY.public_key()]).verify(old_token, NOW) == WHO
    assert refused(old_token, by=tokens(new))


def test_the_cache_is_bounded() -> None:
    """Many tokens don't fill the memory; the oldest leave."""
    verifier = AccessTokens(TokenKeys(KEY), issuer="i", audience="a", cache_entries=3)
    for number in range(5):
        verifier.verify(verifier.mint(Principal("per_a", "ses_b", str(number)), NOW), NOW)
    assert len(verifier._cache) == 3


def _signature(signing_input: str, key: ec.EllipticCurvePrivateKey = KEY) -> str:
    algorithm = jwt.get_algorithm_by_name("ES256")
    raw = algorithm.sign(signing_input.encode(), key)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _next_letter(letter: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(letter) + 1]
