"""A sealed value opens under its own key in its own place, or not at all, and always with the same words."""

from itertools import permutations, product

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from gateway.vault import envelope
from gateway.vault.errors import DecryptFailed

KEY = bytes(range(32))
PLACE = ("cell", "here", "per_1", "folder", "fld_1", "name_sealed")
PLAINTEXT = b"Steuer 2025"
SEALED = envelope.seal(KEY, "dek_1", PLACE, PLAINTEXT)
ALGORITHMS = {envelope.AES_256_GCM: AESGCM, envelope.CHACHA20_POLY1305: ChaCha20Poly1305}


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


def test_values_of_every_algorithm_are_read_side_by_side() -> None:
    """Each names its own; new ones get the one of the moment unless told otherwise."""
    assert set(envelope._AEADS) == set(ALGORITHMS)
    for algorithm in ALGORITHMS:
        sealed = envelope.seal(KEY, "dek_1", PLACE, PLAINTEXT, algorithm)
        assert envelope.split(sealed).algorithm == algorithm
        assert envelope.open(KEY, PLACE, sealed) == PLAINTEXT
    assert envelope.split(SEALED).algorithm == envelope.SEALING


def test_a_value_of_one_algorithm_can_not_be_passed_off_as_another_s() -> None:
    """The algorithm is authenticated; also no two of them share a key."""
    for mine, other in permutations(ALGORITHMS, 2):
        sealed = envelope.seal(KEY, "dek_1", PLACE, PLAINTEXT, mine)
        with pytest.raises(DecryptFailed):
            envelope.open(KEY, PLACE, sealed[:1] + bytes((other,)) + sealed[2:])
    raw = envelope.split(envelope.seal(KEY, "k", (), b"x", envelope.CHACHA20_POLY1305))
    with pytest.raises(InvalidTag):
        ChaCha20Poly1305(KEY).decrypt(raw.nonce, raw.ciphertext, envelope._binding(raw.header, ()))


def test_an_algorithm_or_format_that_nobody_knows_is_refused_like_everything_else() -> None:
    """No word about which numbers there are."""
    refusals = set()
    for changed in [bytes((1, one)) for one in range(256) if one not in ALGORITHMS] + [bytes((2, 1)), bytes((0, 1))]:
        with pytest.raises(DecryptFailed) as caught:
            envelope.open(KEY, PLACE, changed + SEALED[2:])
        refusals.add((str(caught.value), caught.value.__cause__))
    assert len(refusals) == 1
