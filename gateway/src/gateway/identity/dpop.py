"""DPoP proofs (RFC 9449): that who asks for tokens holds a private key, and which one it is.

`verify` returns a Proved only when all of this holds, in this order:

 1. There is one proof, a compact JWS in its one spelling.
 2. Its header says `dpop+jwt`, ES256 and a public key, each as we know it, and nothing else: no key id, no address of
    a key, no critical extension.
 3. That key has the four members of a public P-256 key and no other, so no private part, each in its one spelling, and
    is a point of the curve.
 4. The signature verifies with this key, as ES256.
 5. The claims are there and of their types; others are ignored, as RFC 9449 (4.2) allows them.
 6. `htm` and `htu` are this very request's: POST, and our public address with the route's path.
 7. `iat` is within WINDOW_S of our clock.

Whether the key is the session's, and the proof used for the first time, is the database's to say
(gateway.identity.redemption). Every refusal is the same InvalidProof. Pure: no network, no clock.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import grpc
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.errors import ServiceError
from gateway.identity import compact
from gateway.identity.thumbprint import thumbprint
from gateway.store import clock

WINDOW_S: Final = 300  # before and after our clock: a browser's may be off by minutes
REMEMBERED_S: Final = WINDOW_S + 60  # after `iat`, by when every replica's clock refuses it
MAX_CHARACTERS: Final = 2048  # a browser's has about 600
COORDINATE_BYTES: Final = 32


class InvalidProof(ServiceError):
    """Who asks has not shown the session's key."""

    code: ClassVar[str] = "invalid_dpop_proof"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 400
    title: ClassVar[str] = "Proof of the session's key refused"
    sentence: ClassVar[str] = (
        "The DPoP header is missing, malformed, used, for another request, of another key than the session's, or its "
        "iat is more than five minutes from our clock. Make a new proof; if it stays so, look at this device's clock."
    )


class Proved(NamedTuple):
    """thumbprint: of the key. name: of this proof, unique among all keys'. remembered_until: in ms."""

    thumbprint: bytes
    name: bytes
    remembered_until: int


class _Jwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    typ: Literal["dpop+jwt"]
    alg: Literal["ES256"]
    jwk: _Jwk


class _Claims(msgspec.Struct, frozen=True):
    jti: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    htm: Literal["POST"]
    htu: str
    iat: int


def verify(proofs: Sequence[str], htu: str, now: float) -> Proved:
    """What the request's DPoP headers prove, or InvalidProof. htu: of the request; now: in Unix seconds."""
    if len(proofs) != 1 or len(proofs[0]) > MAX_CHARACTERS:  # (1)
        raise InvalidProof
    try:
        key = _key(compact.split(proofs[0]).header)  # (1) (2) (3)
        claims = msgspec.json.decode(_signed_payload(proofs[0], key), type=_Claims)  # (4) (5)
    except (ValueError, jwt.PyJWTError, msgspec.MsgspecError):
        raise InvalidProof from None
    if claims.htu != htu or abs(now - claims.iat) > WINDOW_S:  # (6) (7)
        raise InvalidProof
    name = thumbprint(key)
    until = (claims.iat + REMEMBERED_S) * clock.SECOND
    return Proved(name, sha256(name + claims.jti.encode()).digest(), until)


def _key(header: bytes) -> ec.EllipticCurvePublicKey:
    jwk = msgspec.json.decode(header, type=_Header).jwk
    x, y = compact.decode(jwk.x), compact.decode(jwk.y)
    if (len(x), len(y)) != (COORDINATE_BYTES, COORDINATE_BYTES):
        raise compact.MalformedToken
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    return numbers.public_key()


def _signed_payload(proof: str, key: ec.EllipticCurvePublicKey) -> bytes:
    payload: bytes = jwt.PyJWS().decode(proof, key, ["ES256"])
    return payload
