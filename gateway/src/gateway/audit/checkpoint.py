"""A signed note of how far the log was. Kept elsewhere, it shows a log whose end was cut off."""

from typing import Annotated, Final

import msgspec

from gateway.audit.attestation import Attestation, Facts
from gateway.audit.event import Log
from gateway.store.audit import Cut, Head

CHECKPOINT: Final = "audit.checkpoint"
CUT: Final = "audit.cut"


class CheckpointRefused(Exception):
    """What was given as a checkpoint is none of this deployment's."""


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document. hash, public_key and signature in hex; `at` in unix ms."""

    log: Log
    seq: Annotated[int, msgspec.Meta(ge=0)]
    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    at: int
    key_id: str
    public_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]


def take(attestation: Attestation, head: Head, *, now: int) -> Checkpoint:
    """A checkpoint of this head."""
    signed = attestation.sign(CHECKPOINT, _facts(head, now))
    return Checkpoint(
        Log(head.log), head.seq, head.hash.hex(), now, signed.key_id, signed.public_key.hex(), signed.signature.hex()
    )


def written(checkpoint: Checkpoint) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(checkpoint) + b"\n"


def read(attestation: Attestation, document: bytes) -> Head:
    """The head that a checkpoint notes. Raises CheckpointRefused unless this deployment signed it."""
    try:
        found = msgspec.json.decode(document, type=Checkpoint)
    except msgspec.MsgspecError:
        raise CheckpointRefused("this is no checkpoint") from None
    head = Head(found.log, found.seq, bytes.fromhex(found.hash))
    if not attestation.verifies(CHECKPOINT, _facts(head, found.at), found.key_id, bytes.fromhex(found.signature)):
        raise CheckpointRefused("this checkpoint was not signed by this deployment")
    return head


def signed_cut(attestation: Attestation, end: Head, *, now: int) -> Cut:
    """What retention leaves in place of everything up to `end`."""
    signed = attestation.sign(CUT, _facts(end, now))
    return Cut(*end, now, signed.key_id, signed.signature)


def is_ours(attestation: Attestation, cut: Cut) -> bool:
    """Whether we made that cut."""
    return attestation.verifies(CUT, _facts(Head(cut.log, cut.seq, cut.hash), cut.at), cut.key_id, cut.signature)


def _facts(head: Head, at: int) -> Facts:
    return {"log": head.log, "seq": head.seq, "hash": head.hash.hex(), "at": at}
