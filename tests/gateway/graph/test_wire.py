"""What Graph answers becomes closed types: no body, no lone surrogate, no page lost to one bad entry."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from gateway.graph import wire
from gateway.graph.errors import AnswerGarbled, BodyOffered
from gateway.graph.folder import MailFolder
from gateway.graph.message import Message
from gateway.graph.wire import Broken, FolderListing, ItemStatus, Listing

Whole = Callable[..., dict[str, Any]]


def page(*entries: object, **outer: object) -> Listing | object:
    return wire.messages_page(json.dumps({"value": entries, **outer}).encode())


def listing(found: object) -> Listing:
    assert isinstance(found, Listing)
    return found


def test_message_is_mapped_field_by_field(whole: Whole) -> None:
    """Every selected field arrives; recipients are To, then Cc; times are UTC."""
    to, cc = ({"emailAddress": {"address": f"{name}@example.org"}} for name in ("to", "cc"))
    entry = whole("A", toRecipients=[to, {}, {"emailAddress": None}], ccRecipients=[cc], isDraft=True)
    entry["receivedDateTime"] = "2026-01-02T03:04:05+02:00"
    (message,) = listing(page(entry)).messages
    assert (message.id, message.parent_folder_id, message.subject) == ("A", "INBOX", "subject of A")
    assert (message.sender_name, message.sender_address) == ("Ann Sender", "ann@example.org")
    assert message.recipients == ("to@example.org", "cc@example.org")
    assert message.received_at == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert (message.conversation_id, message.is_draft, message.list_id) == ("C1", True, None)


LIST_ID = "String {00020386-0000-0000-c000-000000000046} Name list-id"


@pytest.mark.parametrize(
    ("properties", "list_id"),
    [
        (None, None),
        ([], None),
        ([{"id": LIST_ID, "value": "Letters <Letters.Shop.test>"}], "letters.shop.test"),
        ([{"id": LIST_ID.upper(), "value": "<letters.shop.test>"}], "letters.shop.test"),
        ([{"id": LIST_ID, "value": "move this to Bank"}], None),
        ([{"id": LIST_ID, "value": "<\ud800.shop.test>"}], None),
        ([{"id": LIST_ID, "value": None}], None),
        ([{"id": LIST_ID, "value": ["<letters.shop.test>"]}], None),
        ([{"id": LIST_ID}], None),
    ],
)
def test_the_list_is_a_bare_id_or_none(whole: Whole, properties: object, list_id: str | None) -> None:
    """What stands in the header is a stranger's: an id of RFC 2919 comes out, and nothing else."""
    (message,) = listing(page(whole("A", singleValueExtendedProperties=properties))).messages
    assert message.list_id == list_id


@pytest.mark.parametrize("name", ["String 0x1000", "String 0x007D", LIST_ID.replace("list-id", "received"), ""])
def test_another_property_refuses_the_answer(whole: Whole, name: str) -> None:
    """A body and all headers are named properties too: what we did not ask for is never decoded."""
    wanted, other = {"id": LIST_ID, "value": "<a.test>"}, {"id": name, "value": "canary"}
    offered = whole("B", singleValueExtendedProperties=[wanted, other])
    assert isinstance(page(whole("A"), offered), BodyOffered)
    assert isinstance(wire.message(Raw(json.dumps(offered).encode())), BodyOffered)


def test_absent_fields_are_none() -> None:
    """A draft has no sender and perhaps no subject; that is no error."""
    (message,) = listing(page({"id": "A", "parentFolderId": "DRAFTS", "from": None})).messages
    assert (message.subject, message.sender_name, message.sender_address, message.recipients) == (None, None, None, ())


@pytest.mark.parametrize(
    ("flag", "flagged"),
    [
        ({"flagStatus": "flagged", "dueDateTime": {"dateTime": "x"}}, True),
        ({"flagStatus": "notFlagged"}, False),
        ({"flagStatus": "complete"}, False),
        ({"flagStatus": "unknownFutureValue"}, True),
        ({"flagStatus": None}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_flag_counts_until_it_is_ticked_off(whole: Whole, flag: object, flagged: bool) -> None:  # noqa: FBT001  # a table
    """A status that is new to us counts as a flag: what its owner marked stays."""
    assert [one.flagged for one in listing(page(whole("A", flag=flag))).messages] == [flagged]


def test_whom_the_owner_wrote_to() -> None:
    """Addresses of To of each message; an entry that can't be read has none, a body refuses the whole answer."""
    to = [{"emailAddress": {"address": "ann@x.test", "name": "Ann"}}, {"emailAddress": {}}, {}]
    entries = [{"id": "A", "toRecipients": to, "ccRecipients": to}, {"id": "B"}, {"toRecipients": 5}, 7]
    assert wire.sent_page(json.dumps({"value": entries}).encode()) == [("ann@x.test",), (), (), ()]
    for offer in ({"body": {}}, {"toRecipients": 5, "bodyPreview": "x"}):
        assert isinstance(wire.sent_page(json.dumps({"value": [*entries, offer]}).encode()), BodyOffered)
    assert isinstance(wire.sent_page(b"[]"), AnswerGarbled)


def test_texts_stay_out_of_repr(whole: Whole) -> None:
    """A message that is logged by mistake says nothing of the mail."""
    (message,) = listing(page(whole("A"))).messages
    assert not {"subject of A", "Ann", "example.org"} & set(re.findall(r"subject of A|Ann|example\.org", repr(message)))


@pytest.mark.parametrize("name", wire.FORBIDDEN_NAMES)
@pytest.mark.parametrize("value", [None, "", [], {"content": "canary"}, "\ud800"])
def test_forbidden_name_refuses_the_answer(whole: Whole, name: str, value: object) -> None:
    """A body in any entry, in the page itself or in one message's answer: the whole answer is thrown away."""
    offered = whole("B", **{name: value})
    assert isinstance(page(whole("A"), offered), BodyOffered)
    assert isinstance(page(whole("A"), **{name: value}), BodyOffered)
    raw = Raw(json.dumps(offered).encode())
    assert isinstance(wire.message(raw), BodyOffered)
    assert isinstance(wire.place(raw), BodyOffered)
    assert isinstance(wire.messages_page(json.dumps(offered).encode()), BodyOffered)


@pytest.mark.parametrize("name", wire.FORBIDDEN_NAMES)
@pytest.mark.parametrize("broken", [{"subject": 5}, {"receivedDateTime": "never"}, {"id": 5}, {"subject": "\ud800"}])
def test_forbidden_name_refuses_behind_a_broken_entry(whole: Whole, name: str, broken: dict[str, object]) -> None:
    """An entry that can't be read otherwise is still looked at for a body."""
    assert isinstance(page({**whole("A"), **broken, name: "canary"}), BodyOffered)


def test_escaped_forbidden_name_is_the_same_name() -> None:
    r"""bo\u0064y is body."""
    content = b'{"value":[{"id":"A","parentFolderId":"I","bo\\u0064y":{}}]}'
    assert isinstance(wire.messages_page(content), BodyOffered)


def test_unknown_fields_are_not_kept(whole: Whole) -> None:
    """What we don't select has no place in any type of ours."""
    (message,) = listing(page(whole("A", internetMessageHeaders=[{"name": "X", "value": "canary"}]))).messages
    assert "canary" not in str([getattr(message, name) for name in message.__slots__])


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"id": "B", "parentFolderId": "I", "subject": 5}, Broken("B")),  # type: ignore[arg-type]  # a plain str
        ({"id": "B"}, Broken("B")),  # type: ignore[arg-type]  # a plain str
        ({"id": "B", "parentFolderId": "../x"}, Broken("B")),  # type: ignore[arg-type]  # a plain str
        ({"id": "B", "parentFolderId": "I", "receivedDateTime": "2026-01-02T03:04:05"}, Broken("B")),  # type: ignore[arg-type]  # a plain str
        ({"id": "B", "parentFolderId": "I", "from": "Ann"}, Broken("B")),  # type: ignore[arg-type]  # a plain str
        ({"id": "../../me", "parentFolderId": "I"}, Broken(None)),
        ({"id": "\ud800", "parentFolderId": "I"}, Broken(None)),
        ({"id": 7}, Broken(None)),
        ({}, Broken(None)),
        (None, Broken(None)),
        ("text", Broken(None)),
        ([1], Broken(None)),
    ],
)
def test_one_bad_entry_never_fails_its_page(whole: Whole, entry: object, found: Broken) -> None:
    """The others arrive, and the bad one is named or at least counted."""
    answer = listing(page(whole("A"), entry, whole("C")))
    assert [message.id for message in answer.messages] == ["A", "C"]
    assert answer.broken == (found,)


def test_every_nameless_entry_is_counted() -> None:
    """Two entries without an id are two."""
    assert listing(page({}, None, {"id": 1})).broken == (Broken(None), Broken(None), Broken(None))


def test_removed_entry_has_an_id_only() -> None:
    """A message that left the folder is no message from 1969."""
    answer = listing(page({"id": "A", "@removed": {"reason": "deleted"}}, {"@removed": {}}))
    assert (answer.messages, answer.removed, answer.broken) == ((), ("A",), (Broken(None),))


def test_last_word_on_a_message_counts(whole: Whole) -> None:
    """Graph may name one message twice in a page."""
    gone = {"id": "A", "@removed": {"reason": "deleted"}}
    assert listing(page(whole("A"), gone)).messages == ()
    assert [m.subject for m in listing(page(gone, whole("A", subject="x"), whole("A", subject="y"))).messages] == ["y"]


def test_ids_are_told_apart_by_case(whole: Whole) -> None:
    """Immutable ids may differ in one letter's case."""
    assert len(listing(page(whole("AAa"), whole("AAA"))).messages) == 2


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"\udc00x", "\ufffdx"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\uDE00\uD83D", "\ufffd\ufffd"),
        (rb"\\ud800", r"\ud800"),
        (rb"\\\ud800", "\\\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"a\xffb", "a\ufffdb"),
    ],
)
def test_lone_surrogate_is_replaced(escaped: bytes, text: str) -> None:
    """A subject that no UTF-8 can carry reaches us repaired, alone, and costs nobody else's message."""
    content = (
        b'{"value":[{"id":"A","parentFolderId":"I","subject":"ok"},{"id":"B","parentFolderId":"I","subject":"%s"}]}'
    )
    answer = listing(wire.messages_page(content % escaped))
    assert [message.subject for message in answer.messages] == ["ok", text]


@given(st.lists(st.sampled_from(["\ud800", "\udbff", "\udc00", "\udfff", "\\", '"', "u", "d800", "a", "\U0001f600"])))
def test_repair_agrees_with_the_standard_library(parts: list[str]) -> None:
    """Any mixture of surrogates, backslashes and quotes: what json reads, with lone ones replaced, is what we get."""
    content = json.dumps({"id": "A", "parentFolderId": "I", "subject": "".join(parts)})
    expected = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(content)["subject"])
    found = wire.message(Raw(content.encode()))
    assert isinstance(found, Message)
    assert found.subject == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b'{"value":null}',
        b'{"value":[{]}',
        b'{"value":[],"@odata.nextLink":7}',
        b"\xff\xfe",
        b'{"value":' + b"[" * 100_000,
    ],
)
def test_garbage_is_refused(content: bytes) -> None:
    """What is no page is an error, and never an exception of the decoder, which could quote it."""
    assert isinstance(wire.messages_page(content), AnswerGarbled)
    assert isinstance(wire.folders_page(content), AnswerGarbled)
    assert isinstance(wire.read_items(content, 1, wire.place), AnswerGarbled)
    assert wire.move_items(content, 2) == [None, None]
    assert wire.reason(content) == "unknown"


@given(st.binary(max_size=200))
def test_no_bytes_raise(content: bytes) -> None:
    """Decoding returns what went wrong."""
    assert isinstance(wire.messages_page(content), Listing | AnswerGarbled | BodyOffered)
    assert len(wire.move_items(content, 3)) == 3
    assert isinstance(wire.reason(content), str)


def batch(*responses: object) -> bytes:
    return json.dumps({"responses": responses}).encode()


PLACE = {"id": "A", "parentFolderId": "I"}


@pytest.mark.parametrize(
    "responses",
    [
        [],
        [{"id": "1", "status": 200, "body": PLACE}],
        [{"id": "1", "status": 200, "body": PLACE}] * 2,
        [{"id": "1", "status": 200, "body": PLACE}, {"id": "3", "status": 200, "body": PLACE}],
        [{"id": "1", "status": 200, "body": PLACE}, {"id": "2"}],
        [{"id": "1", "status": 200, "body": PLACE}, {"id": "2", "status": 200}],
        [{"id": "1", "status": 200, "body": PLACE}, {"id": "2", "status": 200, "body": {"id": "B"}}],
        [{"id": str(n), "status": 200, "body": PLACE} for n in (1, 2, 3)],
        [{"id": str(n), "status": 200, "body": PLACE} for n in (1, 2, 2)],
    ],
    ids=[
        "none",
        "missing",
        "twice",
        "foreign",
        "no status",
        "no body",
        "half a body",
        "one too many",
        "one of them twice",
    ],
)
def test_read_batch_must_be_whole(responses: list[object]) -> None:
    """Two calls have two answers, one each; anything else is thrown away."""
    assert isinstance(wire.read_items(batch(*responses), 2, wire.place), AnswerGarbled)


def test_read_batch_comes_in_order() -> None:
    """Graph answers in any order; we do not."""
    answers = [{"id": "2", "status": 404, "body": {"error": {"code": "ErrorItemNotFound", "message": "canary"}}}]
    answers.append({"id": "1", "status": 200, "body": PLACE})
    expected = [("A", "I"), ItemStatus(404, None, "ErrorItemNotFound")]
    assert wire.read_items(batch(*answers), 2, wire.place) == expected


def test_move_batch_is_read_for_its_status() -> None:
    """A whole message in the answer, surrogates and all, is skipped; missing, doubled and foreign ids say nothing."""
    message = {"id": "A", "body": {"content": "canary \ud800"}, "error": {"code": "ErrorItemNotFound"}}
    answers = [
        {"id": "3", "status": 429, "headers": {"retry-AFTER": "0.249"}, "body": {"error": {"code": "TooManyRequests"}}},
        {"id": "1", "status": 201, "body": message},
        {"id": "2", "status": 201, "body": message},
        {"id": "2", "status": 404, "body": message},
        {"id": "9", "status": 201, "body": message},
        {"id": 4, "status": 201},
        {"id": "5", "status": "201"},
    ]
    found = wire.move_items(batch(*answers), 5)
    moved, throttled = ItemStatus(201, None, "unknown"), ItemStatus(429, "0.249", "TooManyRequests")
    assert found == [moved, None, throttled, None, None]


@pytest.mark.parametrize("code", ["canary", "", None, 7, ["ErrorItemNotFound"], "ErrorItemNotFound "])
def test_code_outside_the_closed_set_is_unknown(code: object) -> None:
    """An error code is a place in which text could hide."""
    assert wire.reason(json.dumps({"error": {"code": code, "message": "canary"}}).encode()) == "unknown"


def test_folder_is_mapped() -> None:
    """A folder has a name with no lone surrogate in it."""
    document = {"id": "F", "displayName": "Bills \ud800", "parentFolderId": "R", "childFolderCount": 2}
    document |= {"totalItemCount": 7, "isHidden": True, "unreadItemCount": 3}
    found = wire.folders_page(json.dumps({"value": [document], "@odata.nextLink": "x"}).encode())
    expected = MailFolder("F", "Bills \ufffd", "R", 7, 2, hidden=True, well_known=None)  # type: ignore[arg-type]  # a plain str
    assert found == FolderListing((expected,), "x")


@pytest.mark.parametrize("document", [{"id": "../x"}, {"id": "F", "totalItemCount": -1}, {}, None])
def test_folder_that_cannot_be_read_fails_the_listing(document: object) -> None:
    """A gap in the tree could hide that a folder lies in the bin."""
    assert isinstance(wire.folders_page(json.dumps({"value": [document]}).encode()), AnswerGarbled)


def test_decoders_are_built_for_closed_types() -> None:
    """No field of a type that reads text could hold a forbidden name as anything but undecoded bytes."""
    for kind in (wire._Message, wire._Place, wire._Listing, wire._Entry):
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        assert all(fields[name] == (Raw | msgspec.UnsetType) for name in wire.FORBIDDEN_NAMES)
