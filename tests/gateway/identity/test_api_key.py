"""The form of a key: unmistakable, unguessable, and told from a mistyped one without asking anybody."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import api_key


def test_a_key_has_its_form_and_256_bits() -> None:
    """A prefix that scanners find, 52 characters that nobody guesses, 7 of checksum; no two alike."""
    made = {api_key.new() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch("mok_[a-z2-7]{59}", one) and api_key.is_one(one) for one in made)
    assert api_key.SECRET_BYTES * 8 == 256


def test_a_mistyped_key_is_none() -> None:
    """Each character changed, dropped, doubled or in upper case; blanks and line ends around it."""
    key = api_key.new()
    for place in range(len(key)):
        other = "a" if key[place] != "a" else "b"
        assert not api_key.is_one(key[:place] + other + key[place + 1 :])
        assert not api_key.is_one(key[:place] + key[place + 1 :])
        assert not api_key.is_one(key[:place] + key[place] + key[place:])
    for spelled in (key.upper(), f" {key}", f"{key}\n", f"{key}=", key.replace("mok_", "")):
        assert not api_key.is_one(spelled)


@given(st.text(max_size=80) | st.from_regex(r"mok_[a-z2-7]{59}", fullmatch=True))
def test_noise_is_no_key(noise: str) -> None:
    """One of four billion noises passes the checksum, and is then unknown."""
    assert not api_key.is_one(noise)
