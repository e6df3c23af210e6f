"""What is seen of a message: complete, bounded, in one order, and hashed under the caller's key."""

import os
import subprocess
import sys
from typing import Any

import pytest
from siphash24 import siphash24

from classifier import feature_key
from classifier.feature_key import LENGTH, FeatureKey, FeatureKeyRefused
from classifier.features import MAX_NAME, MAX_NAME_WORDS, MEMORY_GROUPS, Group, tokens
from classifier.marks import marks

_MANY = " ".join(f"n{number}" for number in range(50))
RECIPIENTS = ("Bo@home.test", "me@home.test", "bo@home.test")


def test_every_field_is_seen(taught: Any, post: Any) -> None:
    """Sender, domain, name, subject, its parts, recipients and their number each leave a token."""
    message = post.message("Ann@Shop.test", "RE: Invoice 12 due", recipients=RECIPIENTS)
    found = tokens(taught.cleared(message))
    expected = {
        (Group.SENDER, "ann@shop.test"),
        (Group.THREAD, "invoice ## due"),
        (Group.DOMAIN, "shop.test"),
        (Group.RECIPIENT_SET, "bo@home.test me@home.test"),
        (Group.NAME, "ann"),
        (Group.WORD, "invoice"),
        (Group.PAIR, "## due"),
        (Group.FIRST, "invoice"),
        (Group.STEM, "invoi"),
        (Group.PERSON, "ann@shop.test"),
        (Group.PERSON, "bo@home.test"),
        (Group.RECIPIENT, "bo@home.test"),
        (Group.COUNT, "3"),
        (Group.SENDER_COUNT, "ann@shop.test 3"),
    }
    assert expected <= set(found)
    assert len(set(found)) == len(found)


def test_a_list_is_whom_its_mail_is_for(taught: Any, post: Any) -> None:
    """Of a list's mail its id stands for the recipients, which are everybody; id, owner and words are seen as well."""
    message = post.message("Ann@Shop.test", "Issue 12", recipients=RECIPIENTS)
    found = tokens(taught.cleared(message._replace(list_id="tide-2026.weekly.shop.test")))
    assert (Group.RECIPIENT_SET, "tide-2026.weekly.shop.test") in found
    seen = [text for group, text in found if group is Group.LIST]
    assert seen == ["tide-2026.weekly.shop.test", "weekly.shop.test", "tide", "weekly", "shop", "test"]
    assert not [text for group, text in tokens(taught.cleared(message)) if group is Group.LIST]


def test_memory_groups_come_first(taught: Any, post: Any) -> None:
    """The engine counts on one token of each memory group at the head, even for a message with no field at all."""
    for message in (post.message(), type(post.message())(None, None, None)):
        assert tuple(group for group, _ in tokens(taught.cleared(message))[:4]) == MEMORY_GROUPS


def test_tokens_of_a_group_stand_together(taught: Any, post: Any) -> None:
    """The engine gathers a group's tokens as one; the share of each is 1 / sqrt of their number."""
    seen = marks(taught.cleared(post.message(recipients=RECIPIENTS)), taught.engine.key)
    groups = seen.groups.tolist()
    assert [group for at, group in enumerate(groups) if at == 0 or groups[at - 1] != group] == sorted(set(groups))
    share = dict(zip(groups, seen.shares.tolist(), strict=True))
    assert share[Group.PERSON] == pytest.approx(3**-0.5)
    assert share[Group.SENDER] == 1.0


def test_only_a_copy_has_the_same_letter(taught: Any, post: Any) -> None:
    """The same sender, subject and recipients are a copy; an answer or another number isn't."""
    key = taught.engine.key
    first, copy, answer, other = (
        marks(taught.cleared(post.message(subject=subject, recipients=RECIPIENTS)), key).letter
        for subject in ("Meter 12", "Meter 12", "Re: Meter 12", "Meter 13")
    )
    assert first == copy
    assert len({first, answer, other}) == 3


def test_a_hostile_message_is_bounded(taught: Any, post: Any) -> None:
    """However long the fields, a message has at most some hundred tokens."""
    recipients = tuple(f"r{number}@home.test" for number in range(500))
    message = post.message("a" * 5_000 + "@x.test", " ".join(map(chr, range(97, 55_000, 7))), recipients=recipients)
    many = tokens(taught.cleared(message._replace(sender_name=_MANY)))
    long = tokens(taught.cleared(message._replace(sender_name="x" * 100_000)))
    assert len(many) < 300
    assert sum(group is Group.NAME for group, _ in many) == MAX_NAME_WORDS
    assert (Group.NAME, "x" * MAX_NAME) in long


def test_hashes_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens and memories come by, only so many are kept; one that went is hashed as before."""
    monkeypatch.setattr(feature_key, "_MOST_KNOWN", 16)
    key = FeatureKey(bytes(LENGTH))
    first = key.feature(Group.WORD, "w0"), key.memory(Group.COPY, 1)
    for number in range(100):
        key.feature(Group.WORD, f"w{number}")
        key.memory(Group.COPY, number)
        assert len(key._known) <= 16
    assert (key.feature(Group.WORD, "w0"), key.memory(Group.COPY, 1)) == first


def test_other_keys_give_disjoint_features(taught: Any, post: Any) -> None:
    """Nothing of a profile can be joined with another person's: under two keys no feature is the same."""
    cleared = taught.cleared(post.message(recipients=RECIPIENTS))
    one, two = (set(marks(cleared, FeatureKey(bytes([number] * LENGTH))).keys) for number in (1, 2))
    assert not one & two


def test_features_are_siphash_under_a_subkey(key: FeatureKey) -> None:
    """Not the key itself hashes features: what hashes features can't make labels or tags."""
    plain = int(siphash24(b"\x00word", key=bytes(range(16))).intdigest())
    assert key.feature(Group.SENDER, "word") != plain & 0xFFFFFFFF
    assert key.label("\x00word") & 0xFFFFFFFF != key.feature(Group.SENDER, "word")


def test_siphash_is_siphash() -> None:
    """The library computes SipHash-2-4: the vector of Aumasson and Bernstein's paper."""
    assert siphash24(bytes(range(15)), key=bytes(range(16))).digest().hex() == "e545be4961ca29a1"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    """A shorter key is refused, and the refusal doesn't show it."""
    with pytest.raises(FeatureKeyRefused, match="32 bytes"):
        FeatureKey(b"k" * length)


def test_order_is_the_same_in_every_process() -> None:
    """Python's hash seed doesn't reach features, or the same mail would give other profiles in other processes."""
    program = (
        "from classifier.features import tokens; from classifier.gate import Cleared, _PROVEN;"
        "from mail_organiser.columns import MessageText;"
        "message = MessageText('one two three four five', 'A B C', 'a@b.test', None, ('x@y.test', 'z@y.test'));"
        "print(tokens(Cleared(message, _PROVEN)))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-P", "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
