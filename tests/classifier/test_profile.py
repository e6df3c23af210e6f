"""A profile is bytes from a stranger: whole and ours, or refused. Nothing can be read out of it."""

import re
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siphash24 import siphash24

from classifier import profile
from classifier.feature_key import FeatureKey
from classifier.features import Group
from classifier.learned import LearnedEngine
from classifier.profile import MAX_INFLATED, MAX_PROFILE, ProfileRefused, open_profile, seal

KEY = FeatureKey(bytes(range(32)))
HEADER = struct.Struct("<8sHHIIIIQI16x")
FIXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def sealed(taught: Any, post: Any) -> bytes:
    return seal(taught.learn_all(post.stream(60)).engine)


def _resealed(sealed: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The same profile with other arrays, under the right key: what a taken-over gateway could make."""
    sizes = profile._opened_header(sealed, KEY)
    arrays = {name: array.copy() for name, array in profile._opened_body(sealed[HEADER.size + 16 :], sizes).items()}
    change(arrays)
    body = b"".join(profile._planes(array.tobytes(), array.dtype.itemsize) for array in arrays.values())
    return _with_body(sealed, zlib.compress(body))


def _with_body(sealed: bytes, body: bytes, **sizes: int) -> bytes:
    magic, form, engine, *numbers, _ = HEADER.unpack_from(sealed)
    names = ("classes", "rows", "weights", "counts", "learned")
    numbers = [sizes.get(name, number) for name, number in zip(names, numbers, strict=True)]
    head = HEADER.pack(magic, form, engine, *numbers, len(body))
    return head + KEY.tag(head + body) + body


def test_what_was_learned_survives(taught: Any, teach: Any, post: Any) -> None:
    """An opened profile chooses as the engine that was sealed, and learns on."""
    engine = taught.learn_all(post.stream(200)).engine
    other = teach()
    other.engine = open_profile(seal(engine), KEY)
    folders = [folder.id for folder in post.folders]
    for message, _ in post.stream(50, seed=9):
        one, two = taught.choose(message, folders), other.choose(message, folders)
        assert one.folder == two.folder
        assert one.confidence == pytest.approx(two.confidence, abs=0.02)
    assert other.learn_all(post.stream(10)).engine.learned == 210


def test_bytes_are_deterministic(sealed: bytes) -> None:
    """Opening and sealing gives the same bytes, so that compare-and-swap compares knowledge."""
    assert seal(open_profile(sealed, KEY)) == sealed


def test_learning_one_by_one_learns_as_well(teach: Any, post: Any) -> None:
    """Rounding on the way through bytes must not eat what single corrections teach."""
    whole, piecewise = teach().learn_all(post.stream(150)), teach()
    for filed in post.stream(150):
        piecewise.learn_all(iter([filed]))
        piecewise.engine = open_profile(seal(piecewise.engine), KEY)
    folders = [folder.id for folder in post.folders]
    fresh = list(post.stream(100, seed=4))
    right = [
        sum(folders[each.choose(message, folders).folder] == folder for message, folder in fresh)
        for each in (whole, piecewise)
    ]
    assert abs(right[0] - right[1]) <= 3


def test_no_word_can_be_read(sealed: bytes) -> None:
    """Neither the profile nor its inflated body holds a token, an address, a folder id or the key."""
    body = zlib.decompress(sealed[HEADER.size + 16 :])
    plain = {b"invoice", b"flight", b"birthday", b"meeting", b"d1.test", b"p1@", b"fol_", b"bills", bytes(range(32))}
    assert not [word for word in plain if word in sealed or word in body]


def test_unkeyed_guesses_find_nothing(post: Any, sealed: bytes) -> None:
    """Without the key, hashing a known address finds no row of the profile."""
    addresses = {message.sender_address for message, _ in post.stream(60)}
    rows = open_profile(sealed, KEY).table.row_of
    stranger = FeatureKey(bytes(32))
    assert all(KEY.feature(0, address) in rows for address in addresses)
    assert not any(stranger.feature(0, address) in rows for address in addresses)


def _guesses(post: Any, key: FeatureKey) -> set[int]:
    """What an attacker would look for: every field and word of every message, and of thousands that never were."""
    words = {word for message, _ in post.stream(60) for word in re.findall(r"\w+", message.subject)}
    words |= {message.sender_address for message, _ in post.stream(60)} | {f"word{number}" for number in range(3000)}
    return {key.feature(group, word) for group in Group for word in words}


def test_a_dictionary_finds_no_word_without_the_key(post: Any, sealed: bytes) -> None:
    """Who has a profile and a dictionary, but not the key, learns nothing about which words were in a subject.

    With the key, dozens of the guesses hit a row. With another key, or plain SipHash, they hit as often
    as chance does: 32 bits, some thousand guesses and some hundred rows leave one hit in five thousand such attacks.
    """
    rows = open_profile(sealed, KEY).table.row_of.keys()
    assert len(_guesses(post, KEY) & rows) > 50
    for secret in (bytes(32), bytes(31) + b"\1", bytes(reversed(range(32)))):
        assert len(_guesses(post, FeatureKey(secret)) & rows) <= 1
    body = zlib.decompress(sealed[HEADER.size + 16 :])
    unkeyed = {
        siphash24(word, key=bytes(16)).intdigest() & 0xFFFFFFFF for word in (b"invoice", b"\5invoice", b"p1@d1.test")
    }
    assert not unkeyed & rows
    assert not [word for word in (b"invoice", b"invoi", b"flight") if word in body]


def test_equal_words_of_two_people_cannot_be_joined(teach: Any, post: Any) -> None:
    """Two profiles that learned the same mail under two keys share no row, label or memory."""
    one, two = (teach(FeatureKey(bytes([number] * 32))).learn_all(post.stream(60)).engine for number in (1, 2))
    assert len(one.table.row_of.keys() & two.table.row_of.keys()) <= 1
    assert not set(one.labels) & set(two.labels)


def test_another_key_refuses(sealed: bytes) -> None:
    """A profile opens under its own key only, instead of becoming nonsense under another."""
    with pytest.raises(ProfileRefused):
        open_profile(sealed, FeatureKey(bytes(32)))


def test_another_engine_version_refuses(sealed: bytes) -> None:
    """An engine change discards profiles."""
    magic, form, engine, *numbers = HEADER.unpack_from(sealed)
    head = HEADER.pack(magic, form, engine + 1, *numbers)
    body = sealed[HEADER.size + 16 :]
    with pytest.raises(ProfileRefused, match="another engine version"):
        open_profile(head + KEY.tag(head + body) + body, KEY)


def test_no_profile_is_a_new_engine() -> None:
    """Before the first Learn, the profile is empty."""
    assert open_profile(b"", KEY).labels == []


@FIXED
@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused(sealed: bytes, at: int, bit: int) -> None:
    """Wherever one bit changes, the profile is refused."""
    spoilt = bytearray(sealed)
    spoilt[at % len(sealed)] ^= 1 << bit
    with pytest.raises(ProfileRefused):
        open_profile(bytes(spoilt), KEY)


@FIXED
@given(length=st.integers(min_value=1))
def test_a_truncated_profile_is_refused(sealed: bytes, length: int) -> None:
    """Half a profile is none."""
    with pytest.raises(ProfileRefused):
        open_profile(sealed[: 1 + length % (len(sealed) - 1)], KEY)


@FIXED
@given(junk=st.binary(min_size=1, max_size=300))
def test_junk_is_refused(junk: bytes) -> None:
    """Any other bytes are refused."""
    with pytest.raises(ProfileRefused):
        open_profile(junk, KEY)


@FIXED
@given(
    body=st.binary(max_size=400),
    compressed=st.booleans(),
    sizes=st.fixed_dictionaries(
        {}, optional={name: st.integers(0, 2**32 - 1) for name in ("classes", "rows", "weights")}
    ),
)
def test_a_hostile_body_under_the_right_key_is_refused(
    sealed: bytes,
    body: bytes,
    compressed: bool,  # noqa: FBT001  # hypothesis draws it
    sizes: dict[str, int],
) -> None:
    """Even with a valid tag, sizes and bodies that don't fit are refused with the one typed error."""
    with pytest.raises(ProfileRefused):
        open_profile(_with_body(sealed, zlib.compress(body) if compressed else body, **sizes), KEY)


@FIXED
@given(data=st.data())
def test_hostile_numbers_end_in_an_engine_or_a_refusal(
    sealed: bytes, post: Any, teach: Any, data: st.DataObject
) -> None:
    """Any bytes in an array, under the right key: refused, or an engine whose choices are folders and finite."""

    def scramble(arrays: dict[str, Any]) -> None:
        name = data.draw(st.sampled_from([name for name, array in arrays.items() if len(array)]))
        raw = arrays[name].view(np.uint8)
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    try:
        engine = open_profile(_resealed(sealed, scramble), KEY)
    except ProfileRefused:
        return
    person = teach()
    person.engine = engine
    for message, folder in post.stream(3, seed=11):
        choice = person.choose(message, [folder, "fol_other"])
        assert choice.folder in (None, 0)
        assert 0.0 <= choice.confidence <= 1.0
        person.learn(message, folder)
    assert open_profile(seal(person.engine), KEY).learned == engine.learned


def _set(name: str, value: float) -> Callable[[dict[str, Any]], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name][0] = value

    return change


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("habit", float("nan")),
        ("recent", float("inf")),
        ("trust", 9.0),
        ("trust", float("nan")),
        ("trust_squares", -1.0),
        ("curvature", 1e7),
        ("curvature", float("nan")),
        ("copied", 5),
        ("count", 35_000),
        ("calibration", float("-inf")),
        ("calibration", 9.0),
        ("calibration_curvature", -1e7),
        ("calibration_curvature", float("nan")),
        ("squares", float("nan")),
        ("touched", 61),
        ("last", 5),
        ("weight_class", 5),
        ("count_class", 5),
        ("weight", 8 * 512 + 1),
        ("weights_in_row", 60_000),
        ("counts_in_row", 60_000),
    ],
)
def test_a_number_out_of_range_is_refused(sealed: bytes, name: str, value: float) -> None:
    """Not finite, outside its bounds, or pointing outside: each is refused on its own."""
    with pytest.raises(ProfileRefused):
        open_profile(_resealed(sealed, _set(name, value)), KEY)


def test_a_signalling_nan_is_refused(sealed: bytes) -> None:
    """The kind of NaN that complains when it is converted is refused as any other, with the one typed error."""

    def signal(arrays: dict[str, Any]) -> None:
        arrays["habit"].view(np.uint32)[0] = 0x7F800001

    with pytest.raises(ProfileRefused):
        open_profile(_resealed(sealed, signal), KEY)


@pytest.mark.parametrize("name", ["keys", "labels"])
def test_a_key_that_occurs_twice_is_refused(sealed: bytes, name: str) -> None:
    """Two rows of one feature, or two classes of one folder, are refused."""

    def repeat(arrays: dict[str, Any]) -> None:
        arrays[name][1] = arrays[name][0]

    with pytest.raises(ProfileRefused, match="twice"):
        open_profile(_resealed(sealed, repeat), KEY)


@pytest.mark.parametrize(
    "sizes",
    [{"classes": 513}, {"rows": 40_961}, {"weights": 262_145}, {"counts": 196_609}, {"classes": 500, "rows": 40_000}],
)
def test_a_size_out_of_bounds_is_refused_before_it_is_inflated(sealed: bytes, sizes: dict[str, int]) -> None:
    """The header is judged before the body is touched."""
    with pytest.raises(ProfileRefused, match="out of bounds"):
        open_profile(_with_body(sealed, b"not even zlib", **sizes), KEY)


def test_a_bomb_is_refused(sealed: bytes) -> None:
    """A body that inflates to far more than its header says is stopped at what the header says."""
    bomb = _with_body(sealed, zlib.compress(bytes(64 * 1024 * 1024)))
    tracemalloc.start()
    try:
        with pytest.raises(ProfileRefused, match="inflated size"):
            open_profile(bomb, KEY)
        assert tracemalloc.get_traced_memory()[1] < MAX_INFLATED
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("spoil", [lambda body: body + b"junk", lambda body: body[:-4]], ids=["junk behind", "no sum"])
def test_a_body_that_ends_early_or_late_is_refused(sealed: bytes, spoil: Callable[[bytes], bytes]) -> None:
    """All numbers are there, but the compressed stream is not exactly the body."""
    with pytest.raises(ProfileRefused, match="inflated size"):
        open_profile(_with_body(sealed, spoil(sealed[HEADER.size + 16 :])), KEY)


def test_the_largest_allowed_body_fits_the_inflate_bound() -> None:
    """No header that passes asks for more than MAX_INFLATED."""
    most = profile._Sizes(102, 40_960, profile.MAX_WEIGHTS, profile.MAX_COUNTS, 1)
    total = sum(int(kind[2]) * length for kind, length in profile._layout(most).values())
    assert total <= MAX_INFLATED


def test_a_profile_stays_under_one_megabyte() -> None:
    """A table full of noise, which no compression helps, is thinned until it fits."""
    noise = np.random.default_rng(5)
    engine = LearnedEngine(KEY)
    engine.labels = list(range(100))
    engine.habit = engine.recent = np.ones(100)
    for _ in engine.labels:
        engine.table.add_class()
    engine.learned = 1_000_000
    engine.table.reserve(32_000)
    rows = engine.table.ensure([int(each) for each in np.unique(noise.integers(1, 2**32, 31_000))])
    engine.table.weights[rows, :100] = noise.normal(0, 1, (len(rows), 100))
    engine.table.counts[rows, :100] = noise.random((len(rows), 100)) * 33
    engine.table.squares[rows] = noise.random(len(rows))
    engine.table.seen[rows] = noise.integers(0, 100_000, len(rows))
    engine.table.touched[rows] = noise.integers(0, 1_000_000, len(rows))
    data = seal(engine)
    assert MAX_PROFILE * 0.5 < len(data) <= MAX_PROFILE
    assert len(open_profile(data, KEY).table.row_of) > 10_000
