"""The normalised subject stands for the conversation."""

import pytest

from classifier.subject import MAX_SUBJECT, normalise


@pytest.mark.parametrize(
    "subject",
    [
        "Quarterly plan 17",
        "RE: Quarterly plan 17",
        "Re: RE: fwd: Quarterly  plan 42",
        "AW: WG: Quarterly plan 99",
        "Re[2]: Quarterly plan 17",
        "Sv: VS: quarterly plan 17",
        "Antw: Doorst: Quarterly plan 17",
        "TR: Quarterly plan 17",
        "Rif: Quarterly plan 17",
        "Odp: Quarterly plan 17",
        "回复\uff1aQuarterly plan 17",
    ],
)
def test_a_reply_keeps_its_conversation(subject: str) -> None:
    """Reply and forward prefixes of many languages, digits, case and white space don't change the thread."""
    assert normalise(subject) == "quarterly plan ##"


@pytest.mark.parametrize("subject", ["Regarding lunch", "Research: results", "Fwdx: no", "Answer: yes"])
def test_a_word_is_no_prefix(subject: str) -> None:
    """A word that only begins like a prefix stays."""
    assert normalise(subject) == subject.lower()


def test_nothing_and_everything() -> None:
    """No subject is "", and what is read of a long one is bounded."""
    assert normalise(None) == normalise("Re: ") == ""
    assert normalise("x" * 10_000) == "x" * MAX_SUBJECT
    assert normalise("x" * 255 + "e\u0301") == "x" * 255 + "e"
    assert len(normalise("\ufdfa" * 256)) <= MAX_SUBJECT
    assert normalise("re: " * 5_000)[:4] in {"", "re: ", "re:"}
