"""Opaque prefixed ids: `scn_` + 128 random bits. They say what they name and nothing else."""

import secrets
from base64 import b32encode

ID_BITS = 128  # guessing one of a billion live ids takes about 2^98 tries
PREFIXES = frozenset(
    {"per", "dek", "kek", "key", "mbx", "fld", "scn", "dec", "mov", "jrn", "ses", "evt", "cor", "jti", "apk"}
    | {"rul", "pro", "prp", "inc"}
)


def new(prefix: str) -> str:
    """A fresh id, 26 lower-case base32 characters behind the prefix. An unknown prefix raises ValueError."""
    if prefix not in PREFIXES:
        raise ValueError("unknown id prefix: add it to gateway.store.ids.PREFIXES")
    return f"{prefix}_{b32encode(secrets.token_bytes(ID_BITS // 8)).decode().rstrip('=').lower()}"
