"""The five steps of a clearance: each refuses on its own, with its number."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mail_organiser.clearance import (
    DOMAIN,
    MAX_ITEMS,
    MAX_LIFETIME,
    MAX_SKEW,
    ClearanceRefused,
    Trust,
    audience,
    open_clearance,
    require,
    sign,
)
from mail_organiser.mail.v1.mail_pb2 import Clearance, ClearanceBody

NOW = 1_800_000_000
BATCH = bytes(range(16))
POLICY = b"p" * 32
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def body(**changes: object) -> ClearanceBody:
    fields: dict[str, object] = {
        "version": 1,
        "kid": "a",
        "audience": audience("here"),
        "batch_id": BATCH,
        "policy_hash": POLICY,
        "prompt_form_version": 1,
        "issued_at": NOW,
        "expires_at": NOW + MAX_LIFETIME,
        "item": [b"1" * 32, b"2" * 32],
    }
    return ClearanceBody(**{**fields, **changes})  # type: ignore[arg-type]  # any field


def trust(**changes: object) -> Trust:
    keys = {"a": KEY.public_key(), "b": OTHER.public_key()}
    fields: dict[str, object] = {"keys": keys, "audience": audience("here"), "policies": {POLICY}, "prompt_forms": {1}}
    return Trust(**{**fields, **changes})  # type: ignore[arg-type]  # any field


def opened(
    clearance: Clearance, *, now: float = NOW, batch: bytes = BATCH, by: Trust | None = None
) -> frozenset[bytes]:
    return open_clearance(clearance, trust=by or trust(), batch_id=batch, now=now)


def refused_at(step: int, clearance: Clearance, **how: object) -> None:
    with pytest.raises(ClearanceRefused) as caught:
        opened(clearance, **how)  # type: ignore[arg-type]  # any field
    assert caught.value.step == step


def test_a_good_clearance_opens() -> None:
    """What sentinel signed comes out as it went in."""
    assert opened(sign(body(), KEY)) == {b"1" * 32, b"2" * 32}


def test_the_signature_is_over_the_domain_and_the_raw_bytes() -> None:
    """A vector: Ed25519 over the domain and the body, nothing else."""
    clearance = sign(body(), KEY)
    KEY.public_key().verify(clearance.signature, b"mo/clearance/v1\0" + clearance.body)
    assert DOMAIN == b"mo/clearance/v1\0"


def test_step_1_refuses_a_signature_of_nobody_pinned() -> None:
    """Neither another key nor a changed byte gets in."""
    refused_at(1, sign(body(), Ed25519PrivateKey.generate()))
    good = sign(body(), KEY)
    for position in range(len(good.body)):
        changed = bytearray(good.body)
        changed[position] ^= 1
        refused_at(1, Clearance(body=bytes(changed), signature=good.signature))


def test_step_1_refuses_a_signature_without_the_domain() -> None:
    """The key's signature over the same bytes for another use is no clearance."""
    raw = body().SerializeToString()
    refused_at(1, Clearance(body=raw, signature=KEY.sign(raw)))


def test_step_1_refuses_a_kid_that_names_another_key() -> None:
    """The key that verified must be the key that is named."""
    refused_at(1, sign(body(kid="b"), KEY))
    refused_at(1, sign(body(kid=""), KEY))


def test_step_1_refuses_sizes_out_of_bounds() -> None:
    """Bounded before it is verified, and again after."""
    refused_at(1, Clearance(body=bytes(1 << 20), signature=bytes(64)))
    refused_at(1, Clearance(body=b"x", signature=bytes(63)))
    refused_at(1, sign(body(item=[b""] * (MAX_ITEMS + 1)), KEY))


def test_step_1_refuses_signed_bytes_that_are_no_clearance() -> None:
    """Even the right key can't make nonsense parse."""
    raw = b"\xff\xff\xff"
    refused_at(1, Clearance(body=raw, signature=KEY.sign(DOMAIN + raw)))


@pytest.mark.parametrize("changes", [{"version": 2}, {"version": 0}, {"audience": audience("there")}, {"audience": ""}])
def test_step_2_refuses_another_version_or_audience(changes: dict[str, object]) -> None:
    """A clearance of another deployment or format is none here."""
    refused_at(2, sign(body(**changes), KEY))


def test_step_2_refuses_another_batch() -> None:
    """A clearance stands for the batch that was inspected."""
    refused_at(2, sign(body(), KEY), batch=bytes(16))
    refused_at(2, sign(body(batch_id=b""), KEY), batch=b"")


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({}, NOW - MAX_SKEW - 1),
        ({}, NOW + MAX_LIFETIME),
        ({"expires_at": NOW + MAX_LIFETIME + 1}, NOW),
        ({"expires_at": NOW}, NOW),
        ({"expires_at": NOW - 5}, NOW),
    ],
)
def test_step_3_refuses_times_out_of_bounds(changes: dict[str, object], now: float) -> None:
    """Too early, too late, too long, upside down."""
    refused_at(3, sign(body(**changes), KEY), now=now)


def test_step_4_refuses_a_policy_or_prompt_form_that_is_not_accepted() -> None:
    """A revoked policy ends with the next call."""
    refused_at(4, sign(body(policy_hash=b"q" * 32), KEY))
    refused_at(4, sign(body(prompt_form_version=2), KEY))


def test_step_5_refuses_when_one_item_is_absent() -> None:
    """All or nothing."""
    cleared = opened(sign(body(), KEY))
    require([b"1" * 32, b"2" * 32], cleared)
    with pytest.raises(ClearanceRefused) as caught:
        require([b"1" * 32, b"3" * 32], cleared)
    assert caught.value.step == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": {}},
        {"keys": {str(i): KEY.public_key() for i in range(4)}},
        {"policies": set()},
        {"policies": {b"1", b"2", b"3"}},
        {"prompt_forms": set()},
    ],
)
def test_trust_is_never_empty_nor_wide(changes: dict[str, object]) -> None:
    """Nothing configured means nothing accepted; a rollout needs two, not ten."""
    with pytest.raises(ValueError, match="accepted"):
        trust(**changes)
