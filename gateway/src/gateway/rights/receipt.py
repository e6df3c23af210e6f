"""What is given for what was erased: dates, signed, so that they can be checked after everything else is gone."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, assert_never

import msgspec

from gateway.audit.attestation import Attestation, Facts
from gateway.store import clock
from gateway.vault.vault import Erasure

SUBJECT: Final = "person.erased"
MAILBOX_SUBJECT: Final = "mailbox.disconnected"
_KEY: Final = "^[0-9a-f]{64}$"
_SIGNATURE: Final = "^[0-9a-f]{128}$"


class ReceiptRefused(Exception):
    """What was given as a receipt is none of this deployment's."""


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document; times in RFC 3339.

    unreadable_at: since then nothing about the person opens here. irrecoverable_at: from then on not from any copy or
    backup either. rewritten: the database file no longer holds the deleted bytes; false: within the hour.
    """

    person_id: str
    unreadable_at: str
    irrecoverable_at: str
    rewritten: bool
    key_id: str
    public_key: Annotated[str, msgspec.Meta(pattern=_KEY)]
    signature: Annotated[str, msgspec.Meta(pattern=_SIGNATURE)]


class MailboxReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one mailbox; time in RFC 3339. gone_at: since then nothing about it is held here. rewritten: as above."""

    person_id: str
    mailbox_id: str
    gone_at: str
    rewritten: bool
    key_id: str
    public_key: Annotated[str, msgspec.Meta(pattern=_KEY)]
    signature: Annotated[str, msgspec.Meta(pattern=_SIGNATURE)]


def issue(attestation: Attestation, erasure: Erasure, *, rewritten: bool) -> Receipt:
    """A signed receipt."""
    dates = (_text(erasure.erased_at), _text(erasure.irrecoverable_at))
    signed = attestation.sign(SUBJECT, _facts(erasure.person_id, *dates, rewritten=rewritten))
    return Receipt(erasure.person_id, *dates, rewritten, signed.key_id, signed.public_key.hex(), signed.signature.hex())


def issue_for_mailbox(
    attestation: Attestation, person_id: str, mailbox_id: str, *, gone_at: int, rewritten: bool
) -> MailboxReceipt:
    """A signed receipt of one mailbox's end."""
    told = (person_id, mailbox_id, _text(gone_at), rewritten)
    signed = attestation.sign(MAILBOX_SUBJECT, _mailbox_facts(*told))
    return MailboxReceipt(*told, signed.key_id, signed.public_key.hex(), signed.signature.hex())


def read(attestation: Attestation, document: bytes) -> Receipt | MailboxReceipt:
    """The receipt. Raises ReceiptRefused unless this deployment signed exactly that."""
    found = _decoded(document)
    match found:
        case Receipt():
            dates = (found.unreadable_at, found.irrecoverable_at)
            subject, facts = SUBJECT, _facts(found.person_id, *dates, rewritten=found.rewritten)
        case MailboxReceipt():
            told = (found.person_id, found.mailbox_id, found.gone_at, found.rewritten)
            subject, facts = MAILBOX_SUBJECT, _mailbox_facts(*told)
        case _ as unreachable:
            assert_never(unreachable)
    if not attestation.verifies(subject, facts, found.key_id, bytes.fromhex(found.signature)):
        raise ReceiptRefused("this receipt was not signed by this deployment")
    return found


def _decoded(document: bytes) -> Receipt | MailboxReceipt:
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(document, type=Receipt)
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(document, type=MailboxReceipt)
    raise ReceiptRefused("this is no receipt")


def _facts(person_id: str, unreadable_at: str, irrecoverable_at: str, *, rewritten: bool) -> Facts:
    return {
        "person_id": person_id,
        "unreadable_at": unreadable_at,
        "irrecoverable_at": irrecoverable_at,
        "rewritten": int(rewritten),
    }


def _mailbox_facts(person_id: str, mailbox_id: str, gone_at: str, rewritten: bool) -> Facts:  # noqa: FBT001  # one of four facts
    return {"person_id": person_id, "mailbox_id": mailbox_id, "gone_at": gone_at, "rewritten": int(rewritten)}


def _text(moment: int) -> str:
    written = datetime.fromtimestamp(moment / clock.SECOND, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")
