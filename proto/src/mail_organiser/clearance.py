"""Sentinel's signed word over what it inspected, and the five steps by which classifier checks it.

Pure: the time, the keys and the accepted policies come in. The steps have the numbers of spec/clearance.md, repeated
in docs/reference/clearance.md.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from google.protobuf.message import DecodeError

from mail_organiser.mail.v1.mail_pb2 import Clearance, ClearanceBody

VERSION = 1
DOMAIN = b"mo/clearance/v1\0"
MAX_LIFETIME = 120  # seconds; a verdict is a pure function of text, so this bounds a revoked policy, not replay
MAX_SKEW = 30  # seconds a signer's clock may run ahead
MAX_KEYS = 3  # old, current, next
MAX_ACCEPTED = 2  # policies and prompt forms: rollout and the one before
MAX_ITEMS = 512
MAX_BODY = MAX_ITEMS * 34 + 1024  # bytes: 32 and a tag and a length for each digest, and the head
BATCH_ID_LENGTH = 16
_SIGNATURE_LENGTH = 64


class ClearanceRefused(Exception):
    """A clearance that doesn't hold. step is the number of the check that refused; no text of mail is in it."""

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(f"step {step}: {reason}")
        self.step = step
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Trust:
    """What a classifier accepts. keys: kid to sentinel's public key. Times are Unix seconds."""

    keys: Mapping[str, Ed25519PublicKey]
    audience: str
    policies: Collection[bytes]
    prompt_forms: Collection[int]

    def __post_init__(self) -> None:
        """Refuses a trust that is empty or wider than a rollout needs."""
        for name, size, most in (
            ("keys", len(self.keys), MAX_KEYS),
            ("policies", len(self.policies), MAX_ACCEPTED),
            ("prompt_forms", len(self.prompt_forms), MAX_ACCEPTED),
        ):
            if not 1 <= size <= most:
                raise ValueError(f"{name}: 1 to {most} are accepted, {size} given")


def audience(deployment: str) -> str:
    """The audience of every clearance of one deployment."""
    return f"{deployment}/classifier"


def sign(body: ClearanceBody, key: Ed25519PrivateKey) -> Clearance:
    """Serializes the body once and signs these very bytes."""
    raw = body.SerializeToString()
    return Clearance(body=raw, signature=key.sign(DOMAIN + raw))


def open_clearance(clearance: Clearance, *, trust: Trust, batch_id: bytes, now: float) -> frozenset[bytes]:
    """Steps 1 to 4: the digests that sentinel cleared for this batch, or ClearanceRefused."""
    body = _verified(clearance, trust)  # (1)
    if body.version != VERSION or body.audience != trust.audience:
        raise ClearanceRefused(2, "version or audience is not ours")
    if len(batch_id) != BATCH_ID_LENGTH or body.batch_id != batch_id:
        raise ClearanceRefused(2, "batch_id differs from the request's")
    _check_times(body.issued_at, body.expires_at, now)  # (3)
    if body.policy_hash not in trust.policies:
        raise ClearanceRefused(4, "policy_hash is not accepted here")
    if body.prompt_form_version not in trust.prompt_forms:
        raise ClearanceRefused(4, "prompt_form_version is not accepted here")
    return frozenset(body.item)


def require(items: Iterable[bytes], cleared: Collection[bytes]) -> None:
    """Step 5: every item was cleared, or the whole call fails. There is no skipping."""
    if any(item not in cleared for item in items):
        raise ClearanceRefused(5, "a text was not cleared for this use")


def _verified(clearance: Clearance, trust: Trust) -> ClearanceBody:
    """Step 1. The kid inside is unproven until the signature holds, so each pinned key is tried on the raw bytes."""
    if len(clearance.body) > MAX_BODY or len(clearance.signature) != _SIGNATURE_LENGTH:
        raise ClearanceRefused(1, "size is out of bounds")
    kid = next((kid for kid, key in trust.keys.items() if _holds(key, clearance)), None)
    if kid is None:
        raise ClearanceRefused(1, "no pinned key made this signature")
    body = _parsed(clearance.body)
    if body.kid != kid:
        raise ClearanceRefused(1, "kid names another key")
    return body


def _holds(key: Ed25519PublicKey, clearance: Clearance) -> bool:
    try:
        key.verify(clearance.signature, DOMAIN + clearance.body)
    except InvalidSignature:
        return False
    return True


def _parsed(raw: bytes) -> ClearanceBody:
    try:
        body = ClearanceBody.FromString(raw)
    except DecodeError:
        raise ClearanceRefused(1, "signed bytes are no clearance") from None
    if len(body.item) > MAX_ITEMS:
        raise ClearanceRefused(1, "over the limit of items")
    return body


def _check_times(issued_at: int, expires_at: int, now: float) -> None:
    if not 0 < expires_at - issued_at <= MAX_LIFETIME:
        raise ClearanceRefused(3, "lifetime is out of bounds")
    if not issued_at - MAX_SKEW <= now < expires_at:
        raise ClearanceRefused(3, "not valid at this time")
