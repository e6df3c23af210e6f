"""A sealed value opens under its own key in its own place, or not at all, and always with the same words."""

from itertools import product

import pytest

from gateway.vault import envelope
from gateway.vault.errors import DecryptFailed

KEY = bytes(range(32))
PLACE = ("cell", "here", "per_1", "folder", "fld_1", "name_sealed")
PLAINTEXT = b"Steuer 2025"
SEALED = envelope.seal(KEY, "dek_1", PLACE, PLAINTEXT)


def test_opens_in_its_place() -> None:
    """What was sealed comes back, and the header names the key to ask for."""
    assert envelope.open(KEY, PLACE, SEALED) == PLAINTEXT
    assert envelope.split(SEALED).key_id == "dek_1"
    assert envelope.open(KEY, PLACE, envelope.seal(KEY, "dek_1", PLACE, b"")) == b""


def test_any_flipped_bit_of_any_byte_refuses_alike() -> None:
    """Header, key id, nonce, ciphertext and tag are all held; the refusals are indistinguishable."""
    refusals = set()
    for place, bit in product(range(len(SEALED)), range(8)):
        changed = bytearray(SEALED)
        changed[place] ^= 1 << bit
        with pytest.raises(DecryptFailed) as caught:
            envelope.open(KEY, PLACE, bytes(changed))
        refusals.add((type(caught.value), str(caught.value), caught.value.__cause__))
    assert len(refusals) == 1


def test_any_truncation_refuses() -> None:
    """Every shorter form is refused, and so is a longer one."""
    for changed in [SEALED[:length] for length in range(len(SEALED))] + [SEALED + b"\0"]:
        with pytest.raises(DecryptFailed):
            envelope.open(KEY, PLACE, changed)


def test_each_part_of_the_place_is_bound() -> None:
    """Another deployment, person, table, row, column, kind or number of parts does not open."""
    others = [(*PLACE[:n], PLACE[n] + "x", *PLACE[n + 1 :]) for n in range(len(PLACE))]
    for other in [*others, PLACE[:-1], (*PLACE, ""), PLACE[::-1]]:
        with pytest.raises(DecryptFailed):
            envelope.open(KEY, other, SEALED)


def test_parts_can_not_be_shifted_into_each_other() -> None:
    """Length prefixes: ("ab", "c") is not ("a", "bc"), whatever separator a name may hold."""
    sealed = envelope.seal(KEY, "k", ("ab", "c"), b"x")
    for other in (("a", "bc"), ("abc", ""), ("", "abc"), ("abc",)):
        with pytest.raises(DecryptFailed):
            envelope.open(KEY, other, sealed)


def test_another_key_or_key_id_does_not_open() -> None:
    """The key id in the header is authenticated, even where the key is the right one."""
    with pytest.raises(DecryptFailed):
        envelope.open(bytes(32), PLACE, SEALED)
    with pytest.raises(DecryptFailed):
        envelope.open(KEY, PLACE, SEALED.replace(b"dek_1", b"dek_2"))


def test_a_key_id_that_is_no_name_is_refused_before_anyone_looks_it_up() -> None:
    """Control characters and bytes beyond ASCII never reach a query."""
    for name in (b"dek_\0", b"dek_\xff", b"dek_\n"):
        with pytest.raises(DecryptFailed):
            envelope.split(SEALED.replace(b"dek_1", name))


def test_nonces_do_not_repeat() -> None:
    """The same value sealed again looks different."""
    nonces = {envelope.split(envelope.seal(KEY, "k", (), b"x")).nonce for _ in range(1000)}
    assert len(nonces) == 1000
    assert {len(nonce) for nonce in nonces} == {12}
