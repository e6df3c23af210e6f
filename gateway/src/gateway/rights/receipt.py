"""What an erased person is given: two dates, signed, so that it can be checked after everything else is gone."""

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from gateway.audit.attestation import Attestation, Facts
from gateway.store import clock
from gateway.vault.vault import Erasure

SUBJECT: Final = "person.erased"
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


def issue(attestation: Attestation, erasure: Erasure, *, rewritten: bool) -> Receipt:
    """A signed receipt."""
    dates = (_text(erasure.erased_at), _text(erasure.irrecoverable_at))
    signed = attestation.sign(SUBJECT, _facts(erasure.person_id, *dates, rewritten=rewritten))
    return Receipt(erasure.person_id, *dates, rewritten, signed.key_id, signed.public_key.hex(), signed.signature.hex())


def read(attestation: Attestation, document: bytes) -> Receipt:
    """The receipt. Raises ReceiptRefused unless this deployment signed exactly that."""
    try:
        found = msgspec.json.decode(document, type=Receipt)
    except msgspec.MsgspecError:
        raise ReceiptRefused("this is no receipt") from None
    facts = _facts(found.person_id, found.unreadable_at, found.irrecoverable_at, rewritten=found.rewritten)
    if not attestation.verifies(SUBJECT, facts, found.key_id, bytes.fromhex(found.signature)):
        raise ReceiptRefused("this receipt was not signed by this deployment")
    return found


def _facts(person_id: str, unreadable_at: str, irrecoverable_at: str, *, rewritten: bool) -> Facts:
    return {
        "person_id": person_id,
        "unreadable_at": unreadable_at,
        "irrecoverable_at": irrecoverable_at,
        "rewritten": int(rewritten),
    }


def _text(moment: int) -> str:
    written = datetime.fromtimestamp(moment / clock.SECOND, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")
