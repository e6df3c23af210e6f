"""Every key by name: which algorithm, what for, and how many days it is in use. docs/reference/keys.md holds the same.

A key that is made, read or derived anywhere has a row here; tests/cli/test_inventory.py compares with the code.
"""

from typing import Final, NamedTuple

from gateway.identity.key_rotation import IN_USE_MS
from gateway.store.clock import DAY
from gateway.vault.keyring import Purpose
from gateway.vault.vault import KEK_USE

YEAR: Final = 365
GCM, HMAC, KDF = "AES-256-GCM", "HMAC-SHA-256", "HKDF-SHA-256"


class Listed(NamedTuple):
    """days: in use before it is to be replaced; None: as long as what it serves. source: what it is derived from."""

    algorithm: str
    purpose: str
    days: int | None = None
    source: str | None = None


ROOT: Final = "root"
PERSON: Final = "person"
API_KEY: Final = "api_key"  # the name of a row
LEAF: Final = "certificate"
AUTHORITY: Final = "authority"
PINNED: Final = "pinned"

KEYS: Final[dict[str, Listed]] = {
    ROOT: Listed(GCM, "seals the file of keys", YEAR),
    Purpose.KEK: Listed(GCM, "wraps the people's keys", KEK_USE // DAY),
    PERSON: Listed(GCM, "seals what is kept about one person; one key each"),
    Purpose.ACCESS_TOKEN: Listed("ES256", "signs access tokens", IN_USE_MS // DAY),
    Purpose.CURSOR: Listed(HMAC, "signs the cursors of lists", YEAR),
    Purpose.BLIND_INDEX: Listed(HMAC, "finds a person and a mailbox by Microsoft's id, which is not stored"),
    Purpose.AUDIT: Listed(HMAC, "chains the audit log", YEAR),
    Purpose.ATTESTATION: Listed("Ed25519", "signs checkpoints, cuts of the log and receipts of erasures", YEAR),
    Purpose.RATE_LIMIT: Listed("BLAKE2b", "hides whose limits are counted", YEAR),
    Purpose.INCIDENT: Listed(GCM, "seals what operators write into the register of incidents", YEAR),
    API_KEY: Listed("256 random bits", "lets a program in; kept as SHA-256"),
    LEAF: Listed("ECDSA", "proves who listens or calls; due in the last third of its life"),
    AUTHORITY: Listed("ECDSA", "issues certificates, or is trusted to; due two months before its end"),
    PINNED: Listed("Ed25519, public", "verifies clearances"),
}

# By the label that goes into the derivation.
DERIVED: Final[dict[str, Listed]] = {
    "features": Listed(KDF, "keys what is learned of a person's mail", source=PERSON),
    "senders": Listed(KDF, "groups decisions by sender without the address", source=PERSON),
    "marks": Listed(KDF, "recognises corrected and protected mail without its text", source=PERSON),
    "pseudonyms": Listed(KDF, "stands for a person and a mailbox in the audit log", source=PERSON),
    "mo/features/v1": Listed(KDF, "SipHash of features in a profile", source="features"),
    "mo/folders/v1": Listed(KDF, "SipHash of folders in a profile", source="features"),
    "mo/profile/v1": Listed(KDF, "tag of a profile", source="features"),
    "chacha20-poly1305": Listed(KDF, "ChaCha20-Poly1305 key of a value that names this algorithm", source="its key"),
    "networks": Listed(HMAC, "stands for a network in the audit log", source=Purpose.AUDIT),
    "incidents": Listed(HMAC, "chains the register of incidents", source=Purpose.AUDIT),
    "mail-organiser sign-in flow v1": Listed(KDF, "seals a sign-in for ten minutes", source="a browser's cookie"),
}

# By the setting that names its file: what the operator brings, or `up` makes for one machine.
SECRETS: Final[dict[str, Listed]] = {
    "gateway.microsoft.client_secret_file": Listed("secret", "proves the application to Microsoft", YEAR),
    "gateway.microsoft.private_key_file": Listed("RS256", "proves the application to Microsoft", YEAR),
    "gateway.redis.password_file": Listed("secret", "opens Redis", YEAR),
    "gateway.root_hsm.pin": Listed("secret", "opens the module that has the root", YEAR),
    "gateway.former_root_hsm.pin": Listed("secret", "opens the module that has the former root", YEAR),
    "sentinel.signing_key": Listed("Ed25519", "signs clearances", YEAR),
    "classifier.provider.api_key": Listed("secret", "pays the AI provider", YEAR),
}
