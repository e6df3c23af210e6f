"""Our own access tokens: ES256, `at+jwt` (RFC 9068), ten minutes.

Guarantees: the header of a token must be, byte for byte, one that we write ourselves. So there is no algorithm to
choose, no `none`, no key address, no key id to play with: an unknown header is refused before anything is parsed.
Then: one spelling (re-encoding gives the input), a verified signature, exactly our claims as we write them (so no
second `exp`, no float, no blank), our issuer, our audience, in its time. Every refusal is the same Unauthenticated: no
oracle. Revocation is not decided here but after this, by session and jti (gateway.identity.live), so a cached
verification never outlives a revoked one; new keys empty the cache.

Tokens are named by `jti` and `sid`, never by their text: an ECDSA signature has a second valid form.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.errors import Unauthenticated
from gateway.identity import compact
from gateway.identity.thumbprint import thumbprint
from gateway.store.codes import Scope

ALGORITHM: Final = "ES256"
TYPE: Final = "at+jwt"
LIFETIME_S: Final = 600  # spec: ten minutes
CLOCK_DIFFERENCE_S: Final = 5  # between replicas; applies to "issued in the future" only, never to expiry
CACHE_ENTRIES: Final = 10_000  # about 3 MB; a verification costs 80 us, a cache hit 1 us
MAX_CHARACTERS: Final = 1024  # ours have about 430
PROOF_S: Final = 1800  # as long as a session may idle, a token that is over still proves which tab asks to refresh
CLIENT_ID: Final = "mail-organiser"  # RFC 9068 wants one; whoever signs in here is a client of this application
EVERY_SCOPE: Final = frozenset(Scope)
REFUSED: Final = "The access token or API key is missing, invalid or expired. Sign in again, or use another key."


@dataclass(frozen=True)
class Principal:
    """Who a verified token or API key speaks for, and for what. Ids only.

    A signed-in person may do everything, in all of their mailboxes. For an API key, session_id and jti are its key_id:
    there is no session; and mailbox_id is the only mailbox that it opens, if there is one.
    """

    person_id: str
    session_id: str
    jti: str
    scopes: frozenset[Scope] = EVERY_SCOPE
    key_id: str | None = None
    mailbox_id: str | None = None


@dataclass(frozen=True)
class Proof:
    """What a token still proves when it is over: which tab of which session holds it. `exp` in Unix seconds."""

    session_id: str
    jti: str
    exp: int


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly what a token says. Times in whole Unix seconds."""

    iss: str
    aud: str
    exp: int
    iat: int
    jti: str
    sid: str
    sub: str
    client_id: str


class TokenKeys:
    """The signing key and the public keys that are still believed. The key id is the RFC 7638 thumbprint.

    retired: believed beside the signing key. former: believed for a Proof alone.
    """

    def __init__(
        self,
        current: ec.EllipticCurvePrivateKey,
        retired: Sequence[ec.EllipticCurvePublicKey] = (),
        former: Sequence[ec.EllipticCurvePublicKey] = (),
    ) -> None:
        self._current = current
        self._kid = _kid(current.public_key())
        self._by_header = {_header(key): key for key in (current.public_key(), *retired)}
        self._proving = {_header(key): key for key in former} | self._by_header

    def sign(self, payload: bytes) -> str:
        """The compact JWS over `payload`, under the current key."""
        return jwt.PyJWS().encode(payload, self._current, ALGORITHM, {"typ": TYPE, "kid": self._kid})

    def signed_payload(self, token: str, *, proving: bool = False) -> bytes:
        """The payload of a token that one of these keys signed. KeyError, ValueError or PyJWTError otherwise."""
        header, _, _ = token.partition(".")
        compact.split(token)  # one spelling
        key = (self._proving if proving else self._by_header)[header]
        payload: bytes = jwt.PyJWS().decode(token, key, [ALGORITHM])
        return payload


@dataclass(frozen=True)
class _Verified:
    principal: Principal
    iat: int
    exp: int

    def in_time(self, now: float) -> bool:
        """Asked each time: a clock that was set back makes a token future, not longer."""
        return self.iat - CLOCK_DIFFERENCE_S <= now < self.exp


class AccessTokens:
    """Mints and verifies. One per gateway process; `issuer` and `audience` are this deployment's."""

    def __init__(self, keys: TokenKeys, *, issuer: str, audience: str, cache_entries: int = CACHE_ENTRIES) -> None:
        self._keys = keys
        self._cache_entries = cache_entries
        self._issuer = issuer
        self._audience = audience
        self._cache: OrderedDict[bytes, _Verified] = OrderedDict()

    @property
    def issuer(self) -> str:
        """Our public URL: who tokens are from, and the one Origin that may refresh them."""
        return self._issuer

    def use(self, keys: TokenKeys) -> None:
        """From now on these keys, and no others. What was verified by those before is verified again."""
        self._keys = keys
        self._cache.clear()

    def mint(self, principal: Principal, now: int) -> str:
        """A token for `principal`, valid from `now` (Unix seconds) for LIFETIME_S."""
        claims = Claims(
            iss=self._issuer,
            aud=self._audience,
            exp=now + LIFETIME_S,
            iat=now,
            jti=principal.jti,
            sid=principal.session_id,
            sub=principal.person_id,
            client_id=CLIENT_ID,
        )
        return self._keys.sign(msgspec.json.encode(claims))

    def verify(self, token: str, now: float) -> Principal:
        """The Principal of a valid token. Unauthenticated for any other. `now` in Unix seconds."""
        if len(token) > MAX_CHARACTERS or not token.isascii():
            raise Unauthenticated(REFUSED)
        name = sha256(token.encode()).digest()
        verified = self._cache.get(name) or self._remember(name, self._verify(token, now))
        if not verified.in_time(now):
            del self._cache[name]
            raise Unauthenticated(REFUSED)
        return verified.principal

    def prove(self, token: str, now: float) -> Proof:
        """What a token of ours proves, until PROOF_S after its end. Unauthenticated for any other.

        One from the future counts: after a clock was set back it is all that a tab has.
        """
        claims = self._claims(token, proving=True)
        if now >= claims.exp + PROOF_S:
            raise Unauthenticated(REFUSED)
        return Proof(claims.sid, claims.jti, claims.exp)

    def _verify(self, token: str, now: float) -> _Verified:
        claims = self._claims(token)
        principal = Principal(person_id=claims.sub, session_id=claims.sid, jti=claims.jti)
        verified = _Verified(principal, claims.iat, claims.exp)
        if not verified.in_time(now):
            raise Unauthenticated(REFUSED)
        return verified

    def _claims(self, token: str, *, proving: bool = False) -> Claims:
        try:
            payload = self._keys.signed_payload(token, proving=proving)
            claims = msgspec.json.decode(payload, type=Claims)
        except (KeyError, ValueError, msgspec.MsgspecError, jwt.PyJWTError):
            raise Unauthenticated(REFUSED) from None
        if msgspec.json.encode(claims) != payload or not self._ours(claims):
            raise Unauthenticated(REFUSED)
        return claims

    def _ours(self, claims: Claims) -> bool:
        ours = claims.iss == self._issuer and claims.aud == self._audience and claims.client_id == CLIENT_ID
        return ours and claims.exp == claims.iat + LIFETIME_S and all((claims.jti, claims.sid, claims.sub))

    def _remember(self, name: bytes, verified: _Verified) -> _Verified:
        self._cache[name] = verified
        if len(self._cache) > self._cache_entries:
            self._cache.popitem(last=False)
        return verified


def _header(key: ec.EllipticCurvePublicKey) -> str:
    # Written as PyJWT writes it (sorted members, no spaces); tests hold the two equal.
    members = {"alg": ALGORITHM, "kid": _kid(key), "typ": TYPE}
    return compact.encode(msgspec.json.encode(members))


def _kid(key: ec.EllipticCurvePublicKey) -> str:
    return compact.encode(thumbprint(key))
