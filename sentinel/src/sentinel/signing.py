"""Signs clearances with sentinel's own Ed25519 key.

Guarantees: the key is Ed25519, so it can't be the TLS key (ECDSA); it comes from a private file and is in no repr. What
is signed names the deployment, the batch, the policy and the prompt form, and is over after LIFETIME.
"""

from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis.errors import StartRefused
from chassis.settings import SecretFile
from mail_organiser import clearance, prompt_form
from mail_organiser.mail.v1.mail_pb2 import Clearance, ClearanceBody

LIFETIME = 120  # seconds; the most that classifier accepts (spec: clearance, step 3)


class SigningKeyRefused(StartRefused):
    """A signing key file that holds no Ed25519 key."""


class Signer:
    """Signs for one deployment with one key under one policy."""

    def __init__(self, key: Ed25519PrivateKey, *, kid: str, deployment: str, policy_hash: bytes) -> None:
        """kid: the name under which classifier pins the public key."""
        self._key = key
        self._kid = kid
        self._audience = clearance.audience(deployment)
        self.policy_hash = policy_hash

    def sign(self, batch_id: bytes, items: Sequence[bytes], now: float) -> Clearance:
        """A clearance over the digests. now: Unix seconds."""
        issued_at = int(now)
        body = ClearanceBody(
            version=clearance.VERSION,
            kid=self._kid,
            audience=self._audience,
            batch_id=batch_id,
            policy_hash=self.policy_hash,
            prompt_form_version=prompt_form.VERSION,
            issued_at=issued_at,
            expires_at=issued_at + LIFETIME,
            item=items,
        )
        return clearance.sign(body, self._key)


def load_signing_key(file: SecretFile) -> Ed25519PrivateKey:
    """The key in an unencrypted PEM file that only its owner may read."""
    try:
        key = load_pem_private_key(file.read(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyRefused(
            f"{file.key}: the file holds no unencrypted Ed25519 PEM key. Make one for sentinel alone."
        )
    return key
