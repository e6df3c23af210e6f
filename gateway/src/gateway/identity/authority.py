"""What the sign-in authority publishes about itself: its issuer, where its keys are, and the keys.

Guarantees: what it calls itself is what we are configured to ask (OpenID Connect Discovery, 4.3), with Entra's template
for the directories that are aliases; keys come only from the configured authority's own host over https; RSA signing
keys of 2048 bits or more, nothing else; an unknown key id costs at most one fetch a minute, so forged tokens can't make
us hammer Microsoft. Pure apart from the `fetch` that it is given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEYS_LIFETIME_S: Final = 24 * 3600.0  # Microsoft: "check for updates every 24 hours"
REFETCH_PAUSE_S: Final = 60.0  # at most one extra fetch a minute for a key that we do not know
MIN_RSA_BITS: Final = 2048  # NIST SP 800-131A
MAX_KEYS: Final = 64  # Entra publishes about a dozen

TENANT_PLACEHOLDER: Final = "{tenantid}"  # what discovery of /common and /organizations writes in its issuer
CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"  # the directory of all personal Microsoft accounts
_ALIASES: Final[Mapping[str, frozenset[str]]] = {
    "common": frozenset({TENANT_PLACEHOLDER}),
    "organizations": frozenset({TENANT_PLACEHOLDER}),
    "consumers": frozenset({TENANT_PLACEHOLDER, CONSUMERS}),
}

Fetch = Callable[[str], Awaitable[bytes]]
Clock = Callable[[], float]


class AuthorityInvalid(ValueError):
    """The authority's own documents can't be trusted or read."""


class Metadata(msgspec.Struct, frozen=True):
    """The part of OpenID discovery that we use. Unknown members are ignored (OpenID Connect Discovery, section 3)."""

    issuer: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class _Key(msgspec.Struct):
    kty: str
    kid: str = ""
    use: str = "sig"
    n: str = ""
    e: str = ""


class _KeySet(msgspec.Struct):
    keys: Annotated[list[_Key], msgspec.Meta(max_length=MAX_KEYS)]


def read_metadata(document: bytes, authority: str) -> Metadata:
    """The authority's Metadata. AuthorityInvalid when malformed, another's, or when the keys lie on another origin."""
    try:
        metadata = msgspec.json.decode(document, type=Metadata)
    except msgspec.DecodeError:
        raise AuthorityInvalid("its discovery document is malformed") from None
    if metadata.issuer not in issuers(authority):
        raise AuthorityInvalid("it announces another issuer than the configured authority's")
    if urlsplit(metadata.jwks_uri)[:2] != urlsplit(authority)[:2]:
        raise AuthorityInvalid("its signing keys lie on another origin than the authority")
    return metadata


def issuers(authority: str) -> frozenset[str]:
    """What an authority may call itself: its own address, with the directories that an alias stands for."""
    base, _, directory = authority.rstrip("/").rpartition("/")
    return frozenset(f"{base}/{name}/v2.0" for name in _ALIASES.get(directory, {directory}))


def read_keys(document: bytes) -> Mapping[str, RSAPublicKey]:
    """Key id -> RSA signing key, from a JWKS document. Keys of another kind, use or strength are left out."""
    try:
        published = msgspec.json.decode(document, type=_KeySet).keys
    except msgspec.DecodeError:
        raise AuthorityInvalid("the key set is malformed") from None
    usable = [key for key in published if key.kty == "RSA" and key.use == "sig" and key.kid]
    keys = {key.kid: _rsa(key) for key in usable}
    return {kid: key for kid, key in keys.items() if key.key_size >= MIN_RSA_BITS}


def _rsa(key: _Key) -> RSAPublicKey:
    try:
        loaded = jwt.PyJWK({"kty": "RSA", "n": key.n, "e": key.e}, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError):
        raise AuthorityInvalid("a signing key is malformed") from None
    if not isinstance(loaded, RSAPublicKey):
        raise AuthorityInvalid("a signing key holds a private part")
    return loaded


class SigningKeys:
    """The authority's keys, cached for a day, fetched by one caller at a time."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._asked_at: float | None = None

    async def containing(self, kid: str, jwks_uri: str) -> Mapping[str, RSAPublicKey]:
        """The keys, fetched again if `kid` is not among them and the pause is over. It may still be absent."""
        async with self._lock:
            if self._must_fetch(kid):
                await self._refresh(jwks_uri)
            return self._keys

    def _must_fetch(self, kid: str) -> bool:
        if self._asked_at is None:
            return True
        age = self._clock() - self._asked_at
        return age > (KEYS_LIFETIME_S if kid in self._keys else REFETCH_PAUSE_S)

    async def _refresh(self, jwks_uri: str) -> None:
        # The pause counts from the question, so that an authority that fails is not hammered either. Only the very
        # first answer is asked for at once again: without any key nobody can sign in.
        if self._keys:
            self._asked_at = self._clock()
        self._keys = read_keys(await self._fetch(jwks_uri))
        self._asked_at = self._clock()
