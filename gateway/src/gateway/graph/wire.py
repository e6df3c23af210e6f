"""Graph's answers, decoded into closed types.

Guarantees: only selected fields exist here; an answer to a read that carries a FORBIDDEN_NAME, or a named property
other than the List-Id that was asked for, is refused without decoding that field; no string with a lone surrogate
leaves; one bad entry never fails its page. A move's answer gives number, status, Retry-After and, on failure, a code of
the closed set: a message in it is skipped, never decoded.
Must never: raise. What went wrong is returned, so that no traceback holds an answer.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from gateway.graph.errors import KNOWN_CODES, UNKNOWN_CODE, AnswerGarbled, BodyOffered, GraphError
from gateway.graph.folder import MailFolder
from gateway.graph.link import LIST_ID_PROPERTY
from gateway.graph.message import GraphFolderId, Message, MessageId, is_graph_id
from gateway.graph.time_zone import iana
from mail_organiser.list_id import bare_list_id

FORBIDDEN_NAMES: Final = ("body", "bodyPreview", "uniqueBody", "attachments")
HTTP_OK: Final = 200
_UNFLAGGED: Final = frozenset({None, "notFlagged", "complete"})  # a status that is new to us counts as a flag
_FAILED: Final = 400

T = TypeVar("T")
Text = str | None
Count = Annotated[int, Meta(ge=0)]
Instant = Annotated[datetime, Meta(tz=True)]


class _Offer(Struct, rename="camel", gc=False):
    """The forbidden names. Raw: known to be there, never decoded."""

    body: Raw | UnsetType = UNSET
    body_preview: Raw | UnsetType = UNSET
    unique_body: Raw | UnsetType = UNSET
    attachments: Raw | UnsetType = UNSET


class _EmailAddress(Struct, gc=False):
    name: Text = None
    address: Text = None


class _Recipient(Struct, rename="camel", gc=False):
    email_address: _EmailAddress | None = None


class _Flag(Struct, rename="camel", gc=False):
    flag_status: Text = None


class _Place(_Offer, rename="camel", kw_only=True, gc=False):
    id: str
    parent_folder_id: str


class _Property(Struct, gc=False):
    """A named property. Raw: only that of LIST_ID_PROPERTY is decoded; any other may hold a body."""

    id: str
    value: Raw | UnsetType = UNSET


class _Message(_Place, rename="camel", kw_only=True, gc=False):
    subject: Text = None
    sender: _Recipient | None = msgspec.field(name="from", default=None)
    to_recipients: list[_Recipient] | None = None
    cc_recipients: list[_Recipient] | None = None
    received_date_time: Instant | None = None
    is_draft: bool | None = None
    conversation_id: Text = None
    single_value_extended_properties: list[_Property] | None = None
    flag: _Flag | None = None


class _Sent(Struct, rename="camel", gc=False):
    to_recipients: list[_Recipient] | None = None


class _Entry(_Offer, rename="camel", kw_only=True, gc=False):
    """What every entry of a page is looked at for first. Raw leaves even a malformed id undecoded."""

    id: Raw | UnsetType = UNSET
    removed: Raw | UnsetType = msgspec.field(name="@removed", default=UNSET)


class _Folder(Struct, rename="camel", kw_only=True, gc=False):
    id: str
    display_name: Text = None
    parent_folder_id: Text = None
    child_folder_count: Count = 0
    total_item_count: Count = 0
    is_hidden: bool | None = None


class _Listing(_Offer, rename="camel", kw_only=True):
    value: list[Raw]
    next_link: Text = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: Text = msgspec.field(name="@odata.deltaLink", default=None)


class _Person(Struct):
    id: str


class _Settings(Struct, rename="camel", gc=False):
    time_zone: Text = None


class _Code(Struct):
    code: str


class _Failure(Struct):
    error: _Code


class _Batch(Struct):
    responses: list[Raw]


class _Response(Struct):
    id: str
    status: int
    headers: Raw | UnsetType = UNSET
    body: Raw | UnsetType = UNSET


_LISTING: Final = msgspec.json.Decoder(_Listing)
_ENTRY: Final = msgspec.json.Decoder(_Entry)
_MESSAGE: Final = msgspec.json.Decoder(_Message)
_SENT: Final = msgspec.json.Decoder(_Sent)
_PLACE: Final = msgspec.json.Decoder(_Place)
_FOLDER: Final = msgspec.json.Decoder(_Folder)
_PERSON: Final = msgspec.json.Decoder(_Person)
_SETTINGS: Final = msgspec.json.Decoder(_Settings)
_FAILURE: Final = msgspec.json.Decoder(_Failure)
_BATCH: Final = msgspec.json.Decoder(_Batch)
_RESPONSE: Final = msgspec.json.Decoder(_Response)
_STRING: Final = msgspec.json.Decoder(str)
_HEADERS: Final = msgspec.json.Decoder(dict[str, str | float])

# Escapes of a JSON text: a whole surrogate pair, a lone surrogate (group 1), or anything else that a backslash starts.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry that could not be read. id: whose, if at least that could be."""

    id: MessageId | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of messages. Of an id that comes twice the last one counts."""

    messages: tuple[Message, ...]
    removed: tuple[MessageId, ...]
    broken: tuple[Broken, ...]
    next_link: str | None
    delta_link: str | None


@dataclass(frozen=True, slots=True)
class FolderListing:
    """A page of folders."""

    folders: tuple[MailFolder, ...]
    next_link: str | None


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """How one call of a batch ended. retry_after: the header's text; reason: of the closed set."""

    status: int
    retry_after: str | None
    reason: str


def messages_page(content: bytes) -> Listing | GraphError:
    """A page of a folder's messages."""
    listing = _decoded(_LISTING, content)
    if listing is None or _offers(listing):
        return _unreadable(content)
    entries = [_entry(raw) for raw in listing.value]
    if any(isinstance(entry, BodyOffered) for entry in entries):
        return BodyOffered()
    return _listing(_last_of_each(entries), listing)


def sent_page(content: bytes) -> list[tuple[str, ...]] | GraphError:
    """To whom each message of a page was sent: addresses of To, empty for an entry that can't be read."""
    listing = _decoded(_LISTING, content)
    if listing is None or _offers(listing):
        return _unreadable(content)
    offered = any(_offers(_decoded(_ENTRY, raw)) for raw in listing.value)
    return BodyOffered() if offered else [_addressees(raw) for raw in listing.value]


def folders_page(content: bytes) -> FolderListing | GraphError:
    """A page of folders. One that can't be read fails it: a gap in the tree could hide that a folder lies in a bin."""
    listing = _decoded(_LISTING, content)
    if listing is None:
        return AnswerGarbled()
    folders = [folder(raw) for raw in listing.value]
    whole = tuple(found for found in folders if isinstance(found, MailFolder))
    return FolderListing(whole, listing.next_link) if len(whole) == len(folders) else AnswerGarbled()


def person_id(content: bytes) -> str | GraphError:
    """The id in an answer about the signed-in person."""
    person = _decoded(_PERSON, content)
    return AnswerGarbled() if person is None else person.id


def time_zone(content: bytes) -> str | GraphError | None:
    """IANA's name of the zone in an answer about a mailbox's settings; None for one that is unknown."""
    settings = _decoded(_SETTINGS, content)
    return AnswerGarbled() if settings is None else iana(settings.time_zone or "")


def reason(content: bytes | Raw | UnsetType) -> str:
    """error.code of a failed call if it is of the closed set, else "unknown". The words beside it are not decoded."""
    failure = None if content is UNSET else _decoded(_FAILURE, content)
    return failure.error.code if failure is not None and failure.error.code in KNOWN_CODES else UNKNOWN_CODE


def message(raw: Raw) -> Message | Broken | GraphError:
    """One message that was asked for by its id."""
    entry = _entry(raw)
    return Broken(None) if isinstance(entry, _Removed) else entry


def place(raw: Raw) -> tuple[MessageId, GraphFolderId] | GraphError:
    """Which message is in which folder."""
    found = _decoded(_PLACE, raw)
    if found is None or _offers(found):
        return _unreadable(raw)
    if not (is_graph_id(found.id) and is_graph_id(found.parent_folder_id)):
        return AnswerGarbled()
    return MessageId(found.id), GraphFolderId(found.parent_folder_id)


def folder(raw: Raw) -> MailFolder | GraphError:
    """One folder; what it is well known as, the reader adds."""
    found = _decoded(_FOLDER, raw, _escapes_mended, _utf8_mended)
    if found is None or not is_graph_id(found.id):
        return AnswerGarbled()
    return MailFolder(
        id=GraphFolderId(found.id),
        name=found.display_name or "",
        parent_id=None if found.parent_folder_id is None else GraphFolderId(found.parent_folder_id),
        total=found.total_item_count,
        child_count=found.child_folder_count,
        hidden=bool(found.is_hidden),
        well_known=None,
    )


def read_items(content: bytes, size: int, decode: Callable[[Raw], T | GraphError]) -> list[T | ItemStatus] | GraphError:
    """What each call of a ReadBatch brought, in order: decoded where its status is 200, else how it ended."""
    responses = _responses(content)
    by_number = {response.id: response for response in responses}
    if len(responses) != size or set(by_number) != _numbers(size):
        return AnswerGarbled()
    items: list[T | ItemStatus] = []
    for number in range(1, size + 1):
        item = _item(by_number[str(number)], decode)
        if isinstance(item, GraphError):
            return item
        items.append(item)
    return items


def move_items(content: bytes, size: int) -> list[ItemStatus | None]:
    """How each call of a MoveBatch ended, in order; None where the answer says nothing, or two things, about it."""
    responses = _responses(content)
    times = Counter(response.id for response in responses)
    by_number = {response.id: _status(response) for response in responses if times[response.id] == 1}
    return [by_number.get(str(number)) for number in range(1, size + 1)]


def _item(response: _Response, decode: Callable[[Raw], T | GraphError]) -> T | ItemStatus | GraphError:
    if response.status != HTTP_OK:
        return _status(response)
    return AnswerGarbled() if response.body is UNSET else decode(response.body)


def _numbers(size: int) -> set[str]:
    return {str(number) for number in range(1, size + 1)}


def _responses(content: bytes) -> list[_Response]:
    batch = _decoded(_BATCH, content)
    found = [] if batch is None else [_decoded(_RESPONSE, raw) for raw in batch.responses]
    return [response for response in found if response is not None]


def _status(response: _Response) -> ItemStatus:
    told = reason(response.body) if response.status >= _FAILED else UNKNOWN_CODE
    return ItemStatus(response.status, _retry_after(response.headers), told)


def _retry_after(headers: Raw | UnsetType) -> str | None:
    fields = None if headers is UNSET else _decoded(_HEADERS, headers)
    return next((str(value) for name, value in (fields or {}).items() if name.lower() == "retry-after"), None)


@dataclass(frozen=True, slots=True)
class _Removed:
    id: MessageId


_Entries = Message | _Removed | Broken | BodyOffered


def _entry(raw: Raw) -> _Entries:
    found = _decoded(_MESSAGE, raw, _escapes_mended, _utf8_mended)
    if found is None:
        return _wreck(raw)
    if _offers(found):
        return BodyOffered()
    if not is_graph_id(found.id):
        return Broken(None)
    return _message(found) if is_graph_id(found.parent_folder_id) else Broken(MessageId(found.id))


def _wreck(raw: Raw) -> _Removed | Broken | BodyOffered:
    """An entry that is no message: gone from the folder, or of a shape that we don't know."""
    guard = _decoded(_ENTRY, raw)
    if guard is None or _offers(guard):
        return Broken(None) if guard is None else BodyOffered()
    name = None if guard.id is UNSET else _decoded(_STRING, guard.id)
    if name is None or not is_graph_id(name):
        return Broken(None)
    return Broken(MessageId(name)) if guard.removed is UNSET else _Removed(MessageId(name))


def _message(found: _Message) -> Message:
    sender = _address(found.sender)
    received = found.received_date_time
    return Message(
        id=MessageId(found.id),
        parent_folder_id=GraphFolderId(found.parent_folder_id),
        subject=found.subject,
        sender_name=sender.name,
        sender_address=sender.address,
        recipients=_addresses((*(found.to_recipients or ()), *(found.cc_recipients or ()))),
        received_at=None if received is None else received.astimezone(UTC),
        conversation_id=found.conversation_id,
        is_draft=bool(found.is_draft),
        list_id=_list_id(found),
        flagged=found.flag is not None and found.flag.flag_status not in _UNFLAGGED,
    )


def _address(recipient: _Recipient | None) -> _EmailAddress:
    return (recipient and recipient.email_address) or _EmailAddress()


def _addressees(raw: Raw) -> tuple[str, ...]:
    found = _decoded(_SENT, raw, _escapes_mended, _utf8_mended)
    return () if found is None else _addresses(found.to_recipients or ())


def _addresses(recipients: Sequence[_Recipient]) -> tuple[str, ...]:
    found = (_address(recipient).address for recipient in recipients)
    return tuple(address for address in found if address)


def _last_of_each(entries: Iterable[_Entries]) -> list[_Entries]:
    """Graph may name a message twice in a page; the last word counts. What has no id is kept, so that it is counted."""
    last: dict[object, _Entries] = {}
    for entry in entries:
        last[getattr(entry, "id", None) or object()] = entry
    return list(last.values())


def _listing(entries: Sequence[_Entries], page: _Listing) -> Listing:
    return Listing(
        messages=tuple(entry for entry in entries if isinstance(entry, Message)),
        removed=tuple(entry.id for entry in entries if isinstance(entry, _Removed)),
        broken=tuple(entry for entry in entries if isinstance(entry, Broken)),
        next_link=page.next_link,
        delta_link=page.delta_link,
    )


def _unreadable(content: bytes | Raw) -> GraphError:
    return BodyOffered() if _offers(_decoded(_ENTRY, content)) else AnswerGarbled()


def _offers(found: _Offer | None) -> bool:
    fields = () if found is None else (found.body, found.body_preview, found.unique_body, found.attachments)
    properties = found.single_value_extended_properties or () if isinstance(found, _Message) else ()
    return any(field is not UNSET for field in fields) or not all(map(_is_list_id, properties))


def _is_list_id(found: _Property) -> bool:
    """Graph writes an id back in letters of its own choice."""
    return found.id.lower() == LIST_ID_PROPERTY.lower()


def _list_id(found: _Message) -> str | None:
    """Of a message whose properties are the List-Id at most."""
    value = next((each.value for each in found.single_value_extended_properties or ()), UNSET)
    return None if value is UNSET else bare_list_id(_decoded(_STRING, value, _escapes_mended, _utf8_mended))


def _escapes_mended(content: bytes | Raw) -> bytes:
    """Lone surrogates become U+FFFD. On the bytes, so that nothing is decoded which the closed types leave out."""
    return _ESCAPE.sub(lambda found: found[0] if found[1] is None else b"\\ufffd", bytes(content))


def _utf8_mended(content: bytes | Raw) -> bytes:
    return bytes(content).decode("utf-8", "replace").encode()


def _decoded(
    decoder: "msgspec.json.Decoder[T]",
    content: bytes | Raw,
    *repairs: Callable[[bytes | Raw], bytes],
) -> T | None:
    """The decoded content, repaired if it must be; None if it can't be. An error of msgspec may quote: it ends here."""
    for repair in (None, *(repairs or (_escapes_mended,))):
        content = content if repair is None else repair(content)
        try:
            return decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None
