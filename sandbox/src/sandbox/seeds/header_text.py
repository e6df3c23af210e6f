"""What a header's bytes say, as a mailbox shows it: raw 8-bit text and MIME words (RFC 2047) decoded.

Guarantees: total (any bytes give a str), linear in the length, no lone surrogate in the answer; what can't be decoded
becomes U+FFFD. Charsets are a closed table: Python's codecs also answer to names that no mail uses, some of which are
slow (idna) or aren't charsets at all (unicode_escape).
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple

_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?]*)\?=")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_FALLBACK = "cp1252"  # what 8-bit mail without a charset mostly is, and what Outlook assumes

# Lower-case label to Python's codec. Where senders name a subset and mean the superset, the superset decodes (WHATWG).
_CODECS = {
    **{f"iso-8859-{part}": f"iso8859_{part}" for part in (*range(2, 9), 10, 13, 14, 15, 16)},
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    "iso-8859-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "latin1": "cp1252",
    "cp1252": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-7": "utf-7",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "iso-2022-kr": "iso2022_kr",
    "tis-620": "cp874",
    "macintosh": "mac_roman",
}


def decode(raw: bytes) -> str:
    """The text of bytes whose charset nobody named: UTF-8 where most of it is, windows-1252 where it isn't."""
    if raw.isascii():
        return raw.decode("ascii")
    text = raw.decode("utf-8", "replace")
    foreign = sum(not character.isascii() for character in text)
    return text if text.count(_REPLACED) * 2 <= foreign else raw.decode(_FALLBACK, "replace")


def shown(text: str) -> str:
    """Text with its MIME words decoded, without lone surrogates."""
    if "=?" in text:
        text = "".join(_pieces(text))
    return whole(text)


def whole(text: str) -> str:
    """Text that UTF-8 can carry: surrogate pairs are joined, lone ones become U+FFFD."""
    if text.isascii() or _SURROGATES.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Run(NamedTuple):
    """Bytes of neighbouring words in one charset: a character may be cut in two by the end of a word."""

    charset: str
    raw: bytes


def _pieces(text: str) -> Iterator[str]:
    run: _Run | None = None
    at = 0
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        charset, raw = word[1].partition("*")[0].lower(), _bytes_of(word[2], word[3])
        at = word.end()
        if run is not None and run.charset == charset and not between.strip():
            run = _Run(charset, run.raw + raw)
            continue
        yield from _closed(run, between)
        run = _Run(charset, raw)
    yield from _closed(run, text[at:])


def _closed(run: _Run | None, following: str) -> Iterator[str]:
    if run is None:
        yield following
        return
    yield _decoded(run)
    if following.strip():
        yield following


def _bytes_of(encoding: str, payload: str) -> bytes:
    raw = payload.encode("utf-8", "replace")
    if encoding in "qQ":
        return _HEX.sub(lambda match: binascii.unhexlify(match[1]), raw.replace(b"_", b" "))
    digits = _NOT_BASE64.sub(b"", raw)
    whole_digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    return b64decode(whole_digits + b"=" * (-len(whole_digits) % 4))


def _decoded(run: _Run) -> str:
    codec = _CODECS.get(run.charset)
    if codec is None:
        return decode(run.raw)
    return run.raw.decode(codec, "replace")
