"""The key of a role: 256 random bits that stay with whoever has the role. The settings know its hash alone."""

import hmac
import re
import secrets
from hashlib import sha256
from typing import Final

from gateway.incidents.entry import Role
from gateway.incidents.operator_settings import OperatorSettings
from gateway.incidents.refusal import IncidentRefused

BYTES: Final = 32
_FORM: Final = re.compile(rb"[0-9a-f]{64}")


def make() -> bytes:
    """A new key, as its file holds it."""
    return secrets.token_hex(BYTES).encode()


def digest(key: bytes) -> str:
    """What the settings say of it. Raises IncidentRefused for what is no key: short secrets could be guessed."""
    if not _FORM.fullmatch(key.strip()):
        raise IncidentRefused(
            "This is no operator's key.",
            "One is 64 hexadecimal digits.",
            "`mail-organiser admin incident key` makes one.",
        )
    return sha256(key.strip()).hexdigest()


def role_of(key: bytes, operators: OperatorSettings) -> Role:
    """The role that this key proves. Raises IncidentRefused when it proves none."""
    shown = digest(key)
    known = {Role.SRE: operators.sre, Role.DPO: operators.dpo}
    found = [role for role, wanted in known.items() if wanted is not None and hmac.compare_digest(wanted, shown)]
    if not found:
        raise IncidentRefused(
            "This key has no role.",
            "Neither operators.sre nor operators.dpo in the settings is its digest.",
            "Use the key whose digest stands there.",
        )
    return found[0]
