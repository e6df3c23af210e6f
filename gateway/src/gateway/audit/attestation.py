"""Statements that this deployment signs so that they can be checked later, also by somebody without its keys (Ed25519).

    signed bytes = frame("mail-organiser/statement/1", deployment, subject, then name and value of each fact, by name)

Facts are codes, ids, numbers and times; a statement is as public as whoever gets it makes it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.chain import frame
from gateway.vault.keyring import Key, Keyring, Purpose

FORMAT: Final = "mail-organiser/statement/1"
Facts = Mapping[str, str | int]


class Signature(NamedTuple):
    """Which key signed, its public half (32 bytes), and the signature (64 bytes)."""

    key_id: str
    public_key: bytes
    signature: bytes


class Attestation:
    """Signs and checks. One per process."""

    def __init__(self, keyring: Keyring, deployment: str) -> None:
        self._keyring = keyring
        self._deployment = deployment

    def sign(self, subject: str, facts: Facts) -> Signature:
        """The newest key's signature."""
        key = self._keyring.newest(Purpose.ATTESTATION)
        private = _private(key)
        return Signature(key.id, private.public_key().public_bytes_raw(), private.sign(self._bytes(subject, facts)))

    def verifies(self, subject: str, facts: Facts, key_id: str, signature: bytes) -> bool:
        """Whether a key of this deployment signed exactly that."""
        key = self._keyring.by_id(Purpose.ATTESTATION, key_id)
        if key is None:
            return False
        try:
            _private(key).public_key().verify(signature, self._bytes(subject, facts))
        except InvalidSignature:
            return False
        return True

    def _bytes(self, subject: str, facts: Facts) -> bytes:
        pairs = [part for name in sorted(facts) for part in (name, facts[name])]
        return frame(FORMAT, self._deployment, subject, *pairs)


def _private(key: Key) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.secret)
