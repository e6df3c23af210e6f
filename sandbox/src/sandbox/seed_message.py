"""One message as a seed file holds it, before the sandbox gives it ids, a folder and canaries.

Guarantees a closed, frozen shape that every reader of seed files yields. Never holds an id of the sandbox: ids are the
store's to give.
"""

import dataclasses
import datetime as dt


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeedRecipient:
    """Whom a message was sent to: display name ("" when there was none) and address."""

    name: str
    address: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeedMessage:
    """A message to put into the sandbox's mailbox.

    `folder` is a path of display names joined by "/" ("Clients/North"), or None for the inbox. `received_at` carries a
    time zone. Every string is untrusted and kept as it is: lone surrogates, NULs and very long subjects included.
    `body` None means that the sandbox writes its own; either way a canary is added to it.
    `flagged`: the owner's follow-up flag is on it.
    """

    folder: str | None
    subject: str
    sender_name: str
    sender_address: str
    received_at: dt.datetime
    recipients: tuple[SeedRecipient, ...] = ()
    list_id: str | None = None
    internet_message_id: str | None = None
    body: str | None = None
    flagged: bool = False
