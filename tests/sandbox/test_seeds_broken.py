"""One bad message never costs the others: each test is named after what its owner saw."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.seed_message import SeedMessage
from sandbox.seeds import Reading, Refusal, read
from sandbox.seeds.received import UNDATED

SEPARATOR = b"From ada@one.example Fri Jan  9 08:14:00 2026\n"
GOOD = b"From: Good <good@one.example>\nDate: Fri, 09 Jan 2026 09:14:00 +0000\nSubject: good\n\nx\n"
REPLACED = "\N{REPLACEMENT CHARACTER}"


def reading(tmp_path: Path, text: bytes) -> Reading:
    path = tmp_path / "mail.mbox"
    path.write_bytes(text)
    return read(path)


def one(tmp_path: Path, headers: bytes) -> SeedMessage:
    """The message with these headers, read between two good ones."""
    body = b"\n\nx\n\n"
    first, broken, last = reading(tmp_path, SEPARATOR + GOOD + b"\n" + SEPARATOR + headers + body + SEPARATOR + GOOD)
    assert first.subject == last.subject == "good"
    return broken


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        (b"=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        (b"Re: =?iso-8859-1?q?caf=E9_noir?= today", "Re: café noir today"),
        (b"=?utf-8?q?one_?=\n =?utf-8?q?word?=", "one word"),
        (b"=?utf-8?b?w7w=?= =?iso-8859-1?q?=FC?=", "üü"),
        (b"=?utf-8?b?w7zD?= =?utf-8?b?vA==?=", "üü"),
        (b"=?windows-1252?q?=80_5?=", "€ 5"),
        (b"=?gb2312?b?xOO6ww==?=", "你好"),
        (b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?us-ascii*en?q?with_language?=", "with language"),
    ],
)
def test_subject_in_mime_words_is_shown_decoded(tmp_path: Path, raw: bytes, shown: str) -> None:
    """RFC 2047 words are decoded, blanks between words dropped, a character cut by a word's end is put together."""
    assert one(tmp_path, b"Subject: " + raw).subject == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        (b"=?utf-8?b?!!R3LD vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?b?R3LDv?=", f"Gr{REPLACED}"),
        (b"=?utf-8?q?caf=C3?=", f"caf{REPLACED}"),
        (b"=?utf-8?q?100=25_=ZZ?=", "100% =ZZ"),
        (b"=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        (b"=?utf-8?x?strange?=", "=?utf-8?x?strange?="),
        (b"=?utf-8?q??=", ""),
        (b"=?nonsense-99?q?caf=C3=A9?=", "café"),
        (b"=?nonsense-99?q?caf=E9?=", "café"),
        (b"=?unicode_escape?q?=5Cud800?=", "\\ud800"),
        (b"=?rot13?q?grfg?=", "grfg"),
        (b"=?utf-7?q?+2AA-?=", REPLACED),
    ],
)
def test_subject_in_broken_mime_words_is_shown_as_far_as_it_goes(tmp_path: Path, raw: bytes, shown: str) -> None:
    """Broken padding, cut characters, unknown and dangerous charsets: something readable, and never an exception."""
    assert one(tmp_path, b"Subject: " + raw).subject == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Grüße aus Lyon".encode(), "Grüße aus Lyon"),
        ("Grüße aus Lyon".encode("latin-1"), "Grüße aus Lyon"),
        ("Größenänderung üb".encode() + b"\xc3", f"Größenänderung üb{REPLACED}"),
        (b"\x81 \x8d", f"{REPLACED} {REPLACED}"),
        (b"nul\x00here", "nul\x00here"),
        (b"\xed\xa0\x80", "\u00ed\u00a0\u20ac"),
    ],
)
def test_subject_in_raw_bytes_is_shown(tmp_path: Path, raw: bytes, shown: str) -> None:
    """8-bit headers without a charset: UTF-8 where it is, windows-1252 where it isn't, U+FFFD for the rest."""
    assert one(tmp_path, b"Subject: " + raw).subject == shown


def test_subject_of_ten_kilobytes_is_read_whole(tmp_path: Path) -> None:
    """Length is no reason to refuse; what a mailbox may hold, its reader must stand."""
    assert one(tmp_path, b"Subject: " + b"long " * 2048 + b"end").subject == "long " * 2048 + "end"


def test_message_without_subject_sender_and_date_is_read(tmp_path: Path) -> None:
    """A message with none of the three still came, at the time that the mbox noted."""
    message = one(tmp_path, b"X-Mailer: none")
    assert (message.subject, message.sender_name, message.sender_address) == ("", "", "")
    assert message.received_at == datetime(2026, 1, 9, 8, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"Fri, 09 Jan 2026 09:14:00 +0100", datetime(2026, 1, 9, 8, 14, tzinfo=UTC)),
        (b"9 Jan 26 09:14 GMT", datetime(2026, 1, 9, 9, 14, tzinfo=UTC)),
        (b"Fri, 09 Jan 2026 09:14:00 -0000", datetime(2026, 1, 9, 9, 14, tzinfo=UTC)),
        (b"Fri, 09 Jan 2026 09:14:00 (no zone)", datetime(2026, 1, 9, 9, 14, tzinfo=UTC)),
    ],
)
def test_date_in_an_odd_form_is_read(tmp_path: Path, date: bytes, expected: datetime) -> None:
    """What mail programs really wrote over the years."""
    assert one(tmp_path, b"Date: " + date).received_at == expected


@pytest.mark.parametrize(
    "date",
    [
        b"yesterday",
        b"Fri, 99 Jan 2026 09:14:00 +0000",
        b"Fri, 09 Jan 2026 09:14:00 +9999",
        b"Fri, 09 Jan 0200 00:00:00 +2359",
        b"Fri, 09 Jan 9999 23:59:59 -2359",
        b"Fri, 09 Jan 99999999999999999999 09:14:00 +0000",
        b"1" * 5000,
        b"\x00",
    ],
)
def test_impossible_date_falls_back_to_when_the_server_received_it(tmp_path: Path, date: bytes) -> None:
    """A forged or broken Date doesn't move a message to the year 9999."""
    received = b"Received: from a.example by b.example; Sat, 10 Jan 2026 08:00:00 +0000\n"
    assert one(tmp_path, received + b"Date: " + date).received_at == datetime(2026, 1, 10, 8, tzinfo=UTC)


def test_message_without_any_date_is_at_the_end_of_the_list(tmp_path: Path) -> None:
    """No date anywhere: 1970, never a made-up recent one."""
    path = tmp_path / "a.eml"
    path.write_bytes(b"Subject: x\n\n")
    assert [message.received_at for message in read(path)] == [UNDATED]


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        (b"Ada Byron <ada@one.example>", "Ada Byron", "ada@one.example"),
        (b'"Byron, Ada" <ada@one.example>', "Byron, Ada", "ada@one.example"),
        (b"Byron, Ada <ada@one.example>", "Byron, Ada", "ada@one.example"),
        (b"ada@one.example (Ada Byron)", "Ada Byron", "ada@one.example"),
        (b"Ada (Accounts (North)) <ada@one.example>", "Ada (Accounts North)", "ada@one.example"),
        (b"System: urgent <ada@one.example>", "System: urgent", "ada@one.example"),
        (b'"a \\"quoted\\" name" <ada@one.example>', 'a "quoted" name', "ada@one.example"),
        (b"=?utf-8?q?Ada=2C_B=C3=BCro?= <ada@one.example>", "Ada, Büro", "ada@one.example"),
        (b'"=?utf-8?q?B=C3=BCro?=" <ada@one.example>', "Büro", "ada@one.example"),
        (b"=?utf-8?q?ada=40evil.example?= <ada@one.example>", "ada@evil.example", "ada@one.example"),
        (b"<ada@one.example>", "", "ada@one.example"),
        (b"ada@one.example", "", "ada@one.example"),
        (b"Mail Delivery System", "Mail Delivery System", ""),
        (b'"" <>', "", ""),
        (b'"never closed <ada@one.example>', "never closed <ada@one.example>", ""),
        (b"Ada <ada@one.example", "Ada", "ada@one.example"),
        (b"Caf\xe9 <ada@one.example>", "Café", "ada@one.example"),
        (b"a@one.example, b@two.example", "", "a@one.example"),
    ],
)
def test_sender_in_an_odd_form_is_shown(tmp_path: Path, raw: bytes, name: str, address: str) -> None:
    """Names and addresses as they really come; an address is never decoded into another one."""
    message = one(tmp_path, b"From: " + raw)
    assert (message.sender_name, message.sender_address) == (name, address)


def test_several_senders_show_the_first(tmp_path: Path) -> None:
    """Two From fields are a forger's trick; the first one counts, whatever the second says."""
    message = one(tmp_path, b"From: First <first@one.example>\nFrom: Second <second@one.example>")
    assert (message.sender_name, message.sender_address) == ("First", "first@one.example")


def test_group_of_recipients_has_only_its_members(tmp_path: Path) -> None:
    """A group's name is nobody; undisclosed recipients are none."""
    message = one(tmp_path, b"To: Team: a@one.example, B <b@one.example>;\nCc: undisclosed-recipients:;")
    assert [who.address for who in message.recipients] == ["a@one.example", "b@one.example"]


def test_repeated_message_ids_are_different_messages(tmp_path: Path) -> None:
    """A Message-ID is the sender's word; two messages with one id are two messages."""
    messages = list(reading(tmp_path, (SEPARATOR + b"Message-ID: <same@one.example>\n" + GOOD + b"\n") * 2))
    assert [message.internet_message_id for message in messages] == ["<same@one.example>"] * 2


def test_mbox_without_blank_lines_between_messages_is_cut_right(tmp_path: Path) -> None:
    """Some programs write no empty line before the next "From " line."""
    assert len(list(reading(tmp_path, (SEPARATOR + GOOD) * 3))) == 3


def test_mbox_with_windows_line_ends_is_cut_right(tmp_path: Path) -> None:
    """CRLF throughout; no carriage return stays in a text."""
    text = ((SEPARATOR + GOOD + b"\n") * 3).replace(b"\n", b"\r\n")
    assert [message.subject for message in reading(tmp_path, text)] == ["good"] * 3


@pytest.mark.parametrize(
    "separator",
    [
        b"From 1790298289402473472@xxx Mon Mar 04 12:00:00 +0000 2024\n",
        b"From - Fri Jan  9 08:14:00 2026\n",
        b"From ada@one.example  Fri Jan 09 08:14:00 PST 2026\n",
        b"From ada@one.example Fri, 9 Jan 2026 08:14:00 +0100\n",
        b'From "Ada Byron" Fri Jan  9 08:14:00 2026\n',
        b"From ada@one.example\n",
    ],
)
def test_mbox_of_another_program_is_cut_right(tmp_path: Path, separator: bytes) -> None:
    """Takeout, Thunderbird, old Unix mail, readpst and those that forget the date."""
    assert len(list(reading(tmp_path, (separator + GOOD + b"\n") * 3))) == 3


@pytest.mark.parametrize(
    "line",
    [
        b">From ada@one.example Fri Jan  9 08:14:00 2026",
        b"From now on, the ferry leaves at 8:14",
        b"From Monday on we open at 9",
        b" From ada@one.example Fri Jan  9 08:14:00 2026",
    ],
)
def test_from_in_a_body_begins_no_message(tmp_path: Path, line: bytes) -> None:
    """Quoted or not, a sentence that begins with "From" is text."""
    body = b"\n" + line + b"\nSubject: not a header\n\n"
    assert [message.subject for message in reading(tmp_path, (SEPARATOR + GOOD + body) * 2)] == ["good"] * 2


def test_header_in_a_body_is_not_read(tmp_path: Path) -> None:
    """A message without a subject doesn't get one from its body."""
    assert one(tmp_path, b"From: a@one.example\n\nSubject: from the body").subject == ""


def test_download_that_broke_off_gives_what_is_there(tmp_path: Path) -> None:
    """Cut anywhere, every message before the cut is whole and nothing is raised."""
    text = (SEPARATOR + GOOD + b"\n") * 2
    for length in range(len(SEPARATOR), len(text)):
        subjects = [message.subject for message in reading(tmp_path, text[:length])]
        assert all("good".startswith(subject) for subject in subjects)


def test_empty_messages_are_counted_not_read(tmp_path: Path) -> None:
    """A separator with nothing after it, and one with text but no header line."""
    text = SEPARATOR + b"\n" + SEPARATOR + b"\njust text\n\n" + SEPARATOR + GOOD
    result = reading(tmp_path, text)
    assert [message.subject for message in result] == ["good"]
    assert result.refused == {Refusal.EMPTY: 1, Refusal.NO_HEADERS: 1}
    assert result.summary() == "1 read, 1 refused (empty), 1 refused (no header lines)"


def test_byte_order_mark_hides_no_message(tmp_path: Path) -> None:
    """An mbox and an .eml that went through a Windows editor."""
    assert len(list(reading(tmp_path, b"\xef\xbb\xbf" + SEPARATOR + GOOD))) == 1
    path = tmp_path / "a.eml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD)
    assert [message.sender_address for message in read(path)] == ["good@one.example"]


def test_deeply_nested_comments_take_no_time(tmp_path: Path) -> None:
    """100,000 brackets, quotes or half MIME words are read as fast as other text and never exhaust the stack."""
    for piece in (b"(", b'"', b"<", b"=?a?q?", b",", b"\\"):
        one(tmp_path, b"From: " + piece * (100_000 // len(piece)) + b"\nSubject: " + piece * (100_000 // len(piece)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([b"Subject: ", b"From: ", b"Date: ", b"To: ", b"X-Gmail-Labels: ", b"=?utf-8?b?", b"?=", b"\n"])
        | st.binary(max_size=12),
        max_size=30,
    ),
)
def test_any_bytes_at_all_are_read_or_counted(tmp_path: Path, pieces: list[bytes]) -> None:
    """Whatever stands in a message: it is yielded or counted, its texts are valid UTF-8, its neighbours live."""
    hostile = b"".join(pieces).replace(b"From ", b"From_")
    result = reading(tmp_path, SEPARATOR + hostile + b"\n\n" + SEPARATOR + GOOD)
    messages = list(result)
    assert result.messages + result.refused.total() + result.left_out.total() == 2
    assert messages[-1].subject == "good"
    for message in messages:
        for text in (message.subject, message.sender_name, message.sender_address, message.folder or ""):
            text.encode("utf-8")
