"""The name of a P-256 key: RFC 7638's thumbprint, by which our own keys and those of browsers are told apart. Pure."""

from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.identity import compact


def thumbprint(key: ec.EllipticCurvePublicKey) -> bytes:
    """32 bytes. TypeError for a key of another curve."""
    if not isinstance(key.curve, ec.SECP256R1):
        raise TypeError("only P-256 keys have a name here")
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    x, y = point[1:33], point[33:]
    members = {"crv": "P-256", "kty": "EC", "x": compact.encode(x), "y": compact.encode(y)}
    return sha256(msgspec.json.encode(members)).digest()
