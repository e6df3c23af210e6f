"""Seeds written as an mbox that our own readers, and mail programs, take back without loss of metadata.

Guarantees: any subject and name survives (MIME words in UTF-8), no text can end a header line or begin a message, and
the folder is in X-Gmail-Labels as in a Takeout. Addresses are ASCII, as the sample's are. Never writes a body, because
nothing here reads one.
"""

from base64 import b64encode
from collections.abc import Iterator
from email.utils import format_datetime

from sandbox.seed_message import SeedMessage

_INBOX = "Inbox"
_WORD_BYTES = 45  # of text in one MIME word: RFC 2047 allows 75 characters with its frame
_BODY = b"This message has no body: Mail Organiser never reads one."


def to_mbox(message: SeedMessage) -> bytes:
    """One message of an mbox, its separator included."""
    separator = f"From MAILER-DAEMON {message.received_at:%a %b %d %H:%M:%S %Y}"
    headers = (f"{name}: {value}" for name, value in _fields(message))
    return "\n".join([separator, *headers, "", ""]).encode("ascii") + _BODY + b"\n\n"


def _fields(message: SeedMessage) -> Iterator[tuple[str, str]]:
    yield "X-Gmail-Labels", _text(_INBOX if message.folder is None else f'"{message.folder}"')
    if message.internet_message_id is not None:
        yield "Message-ID", _text(message.internet_message_id)
    yield "Date", format_datetime(message.received_at)
    yield "From", _mailbox(message.sender_name, message.sender_address)
    yield "To", ", ".join(_mailbox(who.name, who.address) for who in message.recipients)
    if message.list_id is not None:
        yield "List-Id", _text(message.list_id)
    yield "Subject", _text(message.subject)


def _mailbox(name: str, address: str) -> str:
    return f"{_words(name)} <{address}>" if name else f"<{address}>"


def _text(text: str) -> str:
    plain = text.isascii() and text.isprintable() and "=?" not in text and text == text.strip()
    return text if plain else _words(text)


def _words(text: str) -> str:
    return "\n ".join(f"=?utf-8?b?{b64encode(piece.encode()).decode()}?=" for piece in _cut(text))


def _cut(text: str) -> Iterator[str]:
    piece = ""
    for character in text:
        if len((piece + character).encode()) > _WORD_BYTES:
            yield piece
            piece = ""
        piece += character
    yield piece
