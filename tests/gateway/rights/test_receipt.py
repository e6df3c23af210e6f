"""A receipt can be checked when everything else is gone, and nobody can make one up."""

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.audit.chain import frame
from gateway.rights import receipt
from gateway.rights.receipt import ReceiptRefused
from gateway.store import clock
from gateway.vault.keyring import Purpose
from gateway.vault.vault import Erasure

ERASED = Erasure("per_somebody", 1_800_000_000_123, 1_800_000_000_123 + 30 * clock.DAY)


def test_a_receipt_says_both_dates_and_verifies_after_a_new_key(office: Any) -> None:
    """Older keys go on verifying."""
    issued = receipt.issue(office.attestation, ERASED, rewritten=True)
    assert issued.unreadable_at == "2027-01-15T08:00:00.123Z"
    assert issued.irrecoverable_at == "2027-02-14T08:00:00.123Z"
    office.keyring.rotate(Purpose.ATTESTATION, now=office.moment)
    assert receipt.read(office.attestation, msgspec.json.encode(issued)) == issued


def test_anybody_can_check_it_with_the_public_key(office: Any) -> None:
    """As docs/reference/audit.md says, with nothing of ours but the encoding."""
    issued = receipt.issue(office.attestation, ERASED, rewritten=False)
    facts = [("irrecoverable_at", issued.irrecoverable_at), ("person_id", issued.person_id), ("rewritten", 0)]
    facts.append(("unreadable_at", issued.unreadable_at))
    parts = [part for fact in facts for part in fact]
    signed = frame("mail-organiser/statement/1", "test", "person.erased", *parts)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(issued.public_key))
    public.verify(bytes.fromhex(issued.signature), signed)


@pytest.mark.parametrize(
    "change", ["person_id", "unreadable_at", "irrecoverable_at", "rewritten", "signature", "key_id"]
)
def test_a_changed_receipt_is_refused(office: Any, change: str) -> None:
    """Whatever was changed."""
    issued = receipt.issue(office.attestation, ERASED, rewritten=True)
    values = {"person_id": "per_other", "rewritten": False, "signature": "0" * 128, "key_id": "key_other"}
    changed = msgspec.structs.replace(issued, **{change: values.get(change, "2020-01-01T00:00:00.000Z")})
    with pytest.raises(ReceiptRefused):
        receipt.read(office.attestation, msgspec.json.encode(changed))
    for nonsense in (b"{}", b"", b"\xff"):
        with pytest.raises(ReceiptRefused):
            receipt.read(office.attestation, nonsense)
