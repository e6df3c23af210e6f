"""What we believe of the authority's own documents, and how often we ask for its keys."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.identity.authority import CONSUMERS, AuthorityInvalid, SigningKeys, read_keys, read_metadata

AUTHORITY = "https://login.example:8443/tenant"
DOCUMENT = {"issuer": f"{AUTHORITY}/v2.0", "jwks_uri": "https://login.example:8443/keys", "more": 1}
KEY = rsa.generate_private_key(65537, 2048)


def jwk(key: rsa.RSAPrivateKey, kid: str, **changed: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    parts = {"n": _b64(numbers.n), "e": _b64(numbers.e)}
    return {"kty": "RSA", "use": "sig", "kid": kid, **parts, **changed}


def _b64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()


def document(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_metadata_is_read_and_the_rest_ignored() -> None:
    """Issuer, key address, and whether callbacks carry iss."""
    metadata = read_metadata(json.dumps(DOCUMENT).encode(), AUTHORITY)
    assert metadata.issuer == "https://login.example:8443/tenant/v2.0"
    assert not metadata.authorization_response_iss_parameter_supported


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/keys",
        "http://login.example:8443/keys",
        "https://login.example/keys",
        "https://login.example:8443@evil.example/keys",
        "https://evil@login.example:8443/keys",
        "//login.example:8443/keys",
        "file:///etc/passwd",
    ],
)
def test_keys_lie_on_the_authoritys_own_origin(address: str) -> None:
    """Whoever could bend the document must not bend it to a host of his own."""
    with pytest.raises(AuthorityInvalid):
        read_metadata(json.dumps({**DOCUMENT, "jwks_uri": address}).encode(), AUTHORITY)


@pytest.mark.parametrize(
    ("authority", "issuer"),
    [
        ("https://login.example/tenant", "https://login.example/tenant/v2.0"),
        ("https://login.example/tenant/", "https://login.example/tenant/v2.0"),
        ("https://login.example/common", "https://login.example/{tenantid}/v2.0"),
        ("https://login.example/organizations", "https://login.example/{tenantid}/v2.0"),
        ("https://login.example/consumers", f"https://login.example/{CONSUMERS}/v2.0"),
    ],
)
def test_an_authority_calls_itself_what_it_is_asked_as(authority: str, issuer: str) -> None:
    """Its own address, or the directories that its alias stands for."""
    good = {"issuer": issuer, "jwks_uri": "https://login.example/keys"}
    assert read_metadata(json.dumps(good).encode(), authority).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example:8443/other/v2.0",
        "https://login.example/tenant/v2.0",
        "http://login.example:8443/tenant/v2.0",
        "https://evil.example/tenant/v2.0",
        "https://login.example:8443/{tenantid}/v2.0",
        "https://login.example:8443/TENANT/v2.0",
        "https://login.example:8443/tenant/v2.0/",
        "https://login.example:8443/tenant",
        "https://login.example:8443/tenant/v2.0?x",
        "https://login.example:8443@evil.example/tenant/v2.0",
        "",
    ],
)
def test_metadata_of_another_issuer_is_refused(issuer: str) -> None:
    """A document that speaks for somebody else decides about nobody here, wherever it came from."""
    with pytest.raises(AuthorityInvalid, match="another issuer"):
        read_metadata(json.dumps({**DOCUMENT, "issuer": issuer}).encode(), AUTHORITY)


@pytest.mark.parametrize("issuer", [f"https://login.example/{CONSUMERS}/v2.0", "https://login.example/common/v2.0"])
def test_an_alias_is_no_directory(issuer: str) -> None:
    """/common may not become one directory, nor be an issuer itself."""
    document = {"issuer": issuer, "jwks_uri": "https://login.example/keys"}
    with pytest.raises(AuthorityInvalid):
        read_metadata(json.dumps(document).encode(), "https://login.example/common")


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"issuer": 1}', b'{"issuer": "x"}', b"\xff"])
def test_a_malformed_discovery_document_is_refused(raw: bytes) -> None:
    """Closed, with our own sentence."""
    with pytest.raises(AuthorityInvalid):
        read_metadata(raw, AUTHORITY)


def test_only_rsa_signing_keys_of_enough_bits_are_taken() -> None:
    """Encryption keys, elliptic keys, nameless and short ones are left out."""
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505  # the weak key that must be left out
    keys = read_keys(
        document(
            jwk(KEY, "good"),
            jwk(KEY, "encryption", use="enc"),
            jwk(KEY, ""),
            jwk(short, "short"),
            {"kty": "EC", "kid": "elliptic", "crv": "P-256", "x": "AA", "y": "AA"},
        )
    )
    assert list(keys) == ["good"]


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"keys": {}}', document(jwk(KEY, "x", n="")), document(*[jwk(KEY, "x")] * 65)]
)
def test_a_malformed_key_set_is_refused(raw: bytes) -> None:
    """Also one of more keys than anybody has."""
    with pytest.raises(AuthorityInvalid):
        read_keys(raw)


class Publisher:
    """Counts how often it was asked, and moves the clock when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.raw = document(jwk(KEY, "k1"))

    async def fetch(self, url: str) -> bytes:
        assert url == "https://login.example/keys"
        self.asked += 1
        if not self.raw:
            raise AuthorityInvalid
        return self.raw

    def keys(self) -> SigningKeys:
        return SigningKeys(self.fetch, lambda: self.now)


async def test_keys_are_asked_for_once_a_day() -> None:
    """A known key costs no question until its day is over."""
    publisher = Publisher()
    keys = publisher.keys()
    for publisher.now in (0.0, 10.0, 86_000.0):
        assert "k1" in await keys.containing("k1", "https://login.example/keys")
    assert publisher.asked == 1
    publisher.now = 86_401.0
    await keys.containing("k1", "https://login.example/keys")
    assert publisher.asked == 2


async def test_forged_key_ids_cost_one_question_a_minute() -> None:
    """Nobody can make us hammer Microsoft, also when it fails."""
    publisher = Publisher()
    keys = publisher.keys()
    await keys.containing("k1", "https://login.example/keys")
    publisher.now = 61.0
    for number in range(50):
        await keys.containing(f"forged{number}", "https://login.example/keys")
    assert publisher.asked == 2
    publisher.now, publisher.raw = 122.0, b""
    with pytest.raises(AuthorityInvalid):
        await keys.containing("forged", "https://login.example/keys")
    for _ in range(50):
        await keys.containing("forged", "https://login.example/keys")
    assert publisher.asked == 3


async def test_a_rolled_key_is_found() -> None:
    """Microsoft signs with a new one: it is fetched when first met, after the pause."""
    publisher = Publisher()
    keys = publisher.keys()
    await keys.containing("k1", "https://login.example/keys")
    publisher.raw, publisher.now = document(jwk(KEY, "k2")), 61.0
    assert list(await keys.containing("k2", "https://login.example/keys")) == ["k2"]
