"""The prompt form in the reading: the short way is the same as the long one, and its spans are true."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mail_organiser.prompt_form import DATA_MARK, prompt_form
from sentinel.canonical.mapped import Mapped
from sentinel.finding import Field
from sentinel.item import Item
from sentinel.reading import MAX_READ, _aligned, _reads_as_written, inspected


def test_no_more_is_read_than_the_cap() -> None:
    """What is beyond it is held unread (SEN-002), so that a long text can't buy time."""
    (reading,) = inspected(Item({Field.SUBJECT: "a" * (3 * MAX_READ)})).readings
    assert len(reading.text) == MAX_READ


def unquoted(text: str) -> str:
    return str(json.loads(prompt_form(text))).replace(DATA_MARK, " ")


@given(st.text(alphabet=st.one_of(st.characters(max_codepoint=0x17F), st.sampled_from(' "\\\t')), max_size=300))
@settings(max_examples=300, deadline=None)
def test_a_text_that_reads_as_written_is_its_own_prompt_form(text: str) -> None:
    """So nothing that a prompt holds goes unread."""
    assert not _reads_as_written(text) or unquoted(text) == text


def test_long_broken_or_hidden_text_does_not_read_as_written() -> None:
    """Cut at 256 characters, stripped of what can't be seen, blanks run together."""
    for text in ("a" * 257, "a\u200bb", "a  b", " a", "a\x07"):
        assert not _reads_as_written(text)


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_the_prompt_form_leads_back_to_the_text(text: str) -> None:
    """Every character of it stands where it stood, or where a run of blanks began."""
    read = unquoted(text)
    aligned = _aligned(read, Mapped.of(text))
    for character, place in zip(read, aligned.starts, strict=True):
        assert text[place] == character or (character == " " and text[place].isspace())
