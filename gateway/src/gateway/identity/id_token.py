"""Our own verification of Microsoft's ID token.

MSAL 1.38 and later do none: it accepts `alg: none`, a foreign audience and an expired token
(AzureAD/microsoft-authentication-library-for-python#911).

`verify` returns an Identity only when all of this holds, in this order:

 1. The token is a compact JWS in its one spelling.
 2. Its header names a key; it brings no key, key address or critical extension of its own.
 3. That key is one of the authority's published signing keys.
 4. The signature verifies as RS256, whatever the header says.
 5. The claims are one JSON object, with every claim that we use of the declared type.
 6. `tid` is a tenant that may sign in here.
 7. `iss` is exactly the issuer that the authority announced, and names this `tid` and no other tenant.
 8. `aud` is this application and nothing else.
 9. It is not expired, not from the future, not yet-to-be-valid (60 s of clock difference).
10. `nonce` is the SHA-256 of the nonce of this very flow.
11. `oid` names a person.

Pure: no network, no clock. Identity is (tid, oid): an address or a name can be given to someone else, these can't.
"""

import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.identity import compact
from gateway.identity.authority import TENANT_PLACEHOLDER
from gateway.identity.refusal import SignInReason, SignInRefused

ALGORITHM: Final = "RS256"  # what Entra signs ID tokens with; nothing else is ever tried
LEEWAY_S: Final = 60  # clock difference between Microsoft and this machine
_DIRECTORY_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")  # Entra's are GUIDs; the class can't leave an issuer's path
_OWN_KEY_HEADERS: Final = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "enc", "zip"})


@dataclass(frozen=True)
class Identity:
    """Who signed in: the directory and the person's immutable object id in it.

    username is what the directory shows for them (an address, as a rule): good for display, never for deciding.
    """

    tid: str
    oid: str
    username: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Expected:
    """What this flow's token must say.

    issuer: from discovery, possibly with "{tenantid}" in it. tenants: those that may sign in; empty means any
    tenant that the issuer itself admits.
    """

    issuer: str
    client_id: str
    nonce: str
    tenants: Collection[str]


class _Claims(msgspec.Struct):
    iss: str
    aud: str
    exp: int
    iat: int
    tid: str
    oid: str
    nonce: str
    nbf: int = 0
    preferred_username: str = ""


def key_id(token: str) -> str:
    """The key that `token` says it is signed with (steps 1 and 2), to look up before `verify`."""
    header = _header(token)
    return header["kid"]


def verify(token: str, keys: Mapping[str, RSAPublicKey], expected: Expected, now: float) -> Identity:
    """The Identity that `token` proves (steps 1 to 11). SignInRefused when any step fails. `now` in Unix seconds."""
    kid = key_id(token)  # (1) (2)
    if kid not in keys:  # (3)
        raise _invalid()
    claims = _claims(_signed_payload(token, keys[kid]))  # (4) (5)
    _check_tenant(claims.tid, expected.tenants)  # (6)
    _check_issuer(claims, expected.issuer)  # (7)
    if claims.aud != expected.client_id:  # (8)
        raise _invalid()
    _check_times(claims, now)  # (9)
    _check_nonce(claims.nonce, expected.nonce)  # (10)
    if not _DIRECTORY_ID.fullmatch(claims.oid):  # (11)
        raise _invalid()
    return Identity(claims.tid, claims.oid, claims.preferred_username)


def _header(token: str) -> dict[str, str]:
    try:
        header = msgspec.json.decode(compact.split(token).header, type=dict[str, str])
    except (compact.MalformedToken, msgspec.DecodeError):
        raise _invalid() from None
    if "kid" not in header or _OWN_KEY_HEADERS & header.keys():
        raise _invalid()
    return header


def _signed_payload(token: str, key: RSAPublicKey) -> bytes:
    try:
        payload: bytes = jwt.PyJWS().decode(token, key, algorithms=[ALGORITHM])
    except jwt.PyJWTError:
        raise _invalid() from None
    return payload


def _claims(payload: bytes) -> _Claims:
    try:
        return msgspec.json.decode(payload, type=_Claims)
    except msgspec.DecodeError:
        raise _invalid() from None


def _check_tenant(tid: str, tenants: Collection[str]) -> None:
    # The form is checked first: the tenant is written into the issuer that step 7 compares.
    if not _DIRECTORY_ID.fullmatch(tid):
        raise _invalid()
    if tenants and tid not in tenants:
        raise SignInRefused(SignInReason.TENANT_NOT_ALLOWED)


def _check_issuer(claims: _Claims, announced: str) -> None:
    # A single tenant's issuer has no placeholder: then the tid must be the one that stands in its path all the same,
    # or a token of this issuer could claim to be about a person of another tenant.
    if claims.iss != announced.replace(TENANT_PLACEHOLDER, claims.tid):
        raise _invalid()
    if claims.tid not in urlsplit(claims.iss).path.split("/"):
        raise _invalid()


def _check_times(claims: _Claims, now: float) -> None:
    if claims.exp <= now - LEEWAY_S or claims.nbf > now + LEEWAY_S or claims.iat > now + LEEWAY_S:
        raise _invalid()


def _check_nonce(claimed: str, nonce: str) -> None:
    # MSAL sends the SHA-256 of the nonce it keeps, in hex (oauth2cli/oidc.py, _nonce_hash).
    if not hmac.compare_digest(claimed.encode(), sha256(nonce.encode()).hexdigest().encode()):
        raise SignInRefused(SignInReason.NONCE_MISMATCH)


def _invalid() -> SignInRefused:
    return SignInRefused(SignInReason.TOKEN_INVALID)
