"""Unique marks in every field that a client of ours must not read.

Guarantees that all canaries of one sandbox share a stem that occurs nowhere else, so that one search finds any of them
in a database, a log or a memory dump, and that each names its field and message.
"""

import dataclasses
import hashlib
import hmac

FIELDS = (
    "attachments",
    "bccRecipients",
    "body",
    "bodyPreview",
    "internetMessageHeaders",
    "replyTo",
    "singleValueExtendedProperties",
    "uniqueBody",
    "webLink",
)
MAILBOX_FIELDS = ("automaticRepliesSetting",)
STEM_BYTES = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Canaries:
    """Makes the canaries of one sandbox from its random stem (hex)."""

    stem: str

    def of(self, field: str, number: int) -> str:
        """The canary in `field` of message (or mailbox) `number`: canary-<field>-<stem><digest>."""
        digest = hmac.digest(self.stem.encode(), f"{field}/{number}".encode(), hashlib.sha256).hex()[:12]
        return f"canary-{field}-{self.stem}{digest}"
