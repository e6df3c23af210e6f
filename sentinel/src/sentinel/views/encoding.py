"""Texts inside encodings: base64, base32, hex, decimal codes, percent, quoted-printable, HTML entities, escapes, Morse.

Guarantees: each decoder looks only when its cheap trigger fires, decodes at most MAX_TOKENS stretches of at most
MAX_TOKEN characters, and returns a stretch only when it reads as text. A stretch of base64 or hex that doesn't is tried
from its end to its start.
"""

import re
from base64 import b32decode
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp
from collections.abc import Callable, Iterable
from html import unescape
from string import ascii_lowercase, digits
from unicodedata import category
from urllib.parse import unquote

from sentinel.canonical.invisible import is_invisible
from sentinel.views.fluency import ROTATION
from sentinel.views.replacement import Replacement

MAX_TOKENS = 16  # stretches of one encoding in one text
MAX_TOKEN = 2048  # characters of one stretch
_READABLE = 0.8  # share of letters and spaces; prose has more than 0.9, random bytes that happen to be ASCII about 0.5
_PLAIN = " +/=-_%&#;.\\"  # of encodings, too
_LAST = 0x10FFFF  # code point of Unicode
_SURROGATES = range(0xD800, 0xE000)
_LEAST = 6  # decoded characters: shorter ones happen by chance

Decoder = Callable[[str], list[Replacement]]

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE32 = re.compile(r"\b[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"\b(?:0x)?[0-9a-fA-F]{2}(?:[ :,-]{0,2}(?:0x)?[0-9a-fA-F]{2}){7,}\b")
_DECIMAL = re.compile(r"\b(?:\d{2,6}[ ,;-]{1,2}){7,}\d{2,6}\b")
_BINARY = re.compile(r"\b(?:[01]{8}[ ,]?){6,}")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}[\w.~+-]*){3,}")  # begins at a sign: linear
_QUOTED = re.compile(r"(?:=[0-9a-fA-F]{2}[\w.,~+-]*){3,}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});?")
_ESCAPE = re.compile(
    r"(?:\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|u\{[0-9a-fA-F]{1,6}\}|[0-7]{3})[ \w]{0,2}?){3,}"
    r"|(?:[uU]\+[0-9a-fA-F]{4,6}[ ,]{0,2}){3,}",
)
_CODE = re.compile(r"\\x([0-9a-fA-F]{2})|(?:\\[uU]\{?|[uU]\+)([0-9a-fA-F]{1,8})\}?[, ]{0,2}|\\([0-7]{3})")
_MORSE = re.compile(r"(?:[.\-\u2022\u00b7_\u2013\u2014]{1,5}[ /|]{1,3}){9,}[.\-\u2022\u00b7_\u2013\u2014]{1,5}")
# One look for the signs of all of them; what has none can't match any pattern above.
_SIGN = re.compile(
    r"(?=[A-Za-z0-9+/_-]{0,40}[a-z0-9+/_-][A-Z0-9])[A-Za-z0-9+/_-]{16}|[A-Z2-7]{16}"  # words are of one case
    r"|[%=][0-9a-fA-F]{2}|&(?:#|[a-zA-Z]{2})|\\|[uU]\+[0-9a-fA-F]{4}"
    r"|(?:\d{2,6}[ ,;-]{1,2}){7}|(?:[0-9a-fA-F]{2}[ :,-]{0,2}(?:0x)?){8}"
    r"|(?:[.\-\u2022\u00b7_\u2013\u2014]{1,5}[ /|]{1,3}){4}",
)
_SEPARATORS = re.compile(r"[ :,-]|0x")
_MORSE_CODES = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_MORSE_LETTERS = dict(zip(_MORSE_CODES.split(), ascii_lowercase + digits, strict=True))


def may_be_encoded(text: str) -> bool:
    """The cheap trigger: False means that no decoder would find anything."""
    return _SIGN.search(text) is not None


def base64(text: str) -> list[Replacement]:
    """Stretches of standard or URL-safe base64."""
    return _stretches(_BASE64, text, _from_base64)


def base32(text: str) -> list[Replacement]:
    """Stretches of base32."""
    return _stretches(_BASE32, text, _from_base32)


def hexadecimal(text: str) -> list[Replacement]:
    """Stretches of hex bytes, with or without separators."""
    return _stretches(_HEX, text, _from_hex)


def codes(text: str) -> list[Replacement]:
    """Decimal or binary character codes."""
    decimal = _stretches(_DECIMAL, text, lambda token: _from_codes(re.findall(r"\d+", token), 10))
    return decimal or _stretches(_BINARY, text, lambda token: _from_codes(re.findall(r"[01]{8}", token), 2))


def percent(text: str) -> list[Replacement]:
    """Percent-encoded stretches."""
    if "%" not in text:
        return []
    return _stretches(_PERCENT, text, lambda token: unquote(token.replace("+", " "), errors="replace"))


def quoted_printable(text: str) -> list[Replacement]:
    """Quoted-printable stretches outside of encoded words."""
    if "=" not in text:
        return []
    return _stretches(_QUOTED, text, lambda token: _from_bytes(a2b_qp(token.encode("utf-8", errors="replace"))))


def entities(text: str) -> list[Replacement]:
    """HTML entities. Not capped in number: each stands for one character."""
    if "&" not in text:
        return []
    found = [Replacement(*match.span(), unescape(match[0])) for match in _ENTITY.finditer(text)]
    return [one for one in found if one.text != text[one.start : one.end]]


def escapes(text: str) -> list[Replacement]:
    r"""Runs of \x, \u and octal escapes, and of code points in Unicode's own notation. Bytes are read as UTF-8."""
    if "\\" not in text and "+" not in text:
        return []
    return _stretches(_ESCAPE, text, lambda token: _as_bytes(_CODE.sub(_from_escape, token)))


def morse(text: str) -> list[Replacement]:
    """Morse code, words parted by a slash, a bar or several spaces."""
    return _stretches(_MORSE, text, _from_morse)


def _stretches(pattern: re.Pattern[str], text: str, decode: Callable[[str], str]) -> list[Replacement]:
    found = []
    for match, _ in zip(pattern.finditer(text), range(MAX_TOKENS), strict=False):
        decoded = decode(match[0][:MAX_TOKEN])
        if _is_text(decoded):
            found.append(Replacement(*match.span(), decoded))
    return found


def is_prose(text: str) -> bool:
    """True when a decoded text is something that people write: words."""
    letters = sum(character.isalpha() or character == " " for character in text)
    return len(text.split()) > 1 and letters >= _READABLE * len(text)


def _is_text(text: str) -> bool:
    """True for prose, and for what may be an encoding again; random bytes are neither."""
    seen = text.replace("\n", " ") if text.isascii() else "".join(one for one in text if not is_invisible(one))
    if len(seen) < _LEAST or not seen.isprintable():
        return False
    readable = sum(character.isalnum() or character in _PLAIN or _is_mark(character) for character in seen)
    return readable >= _READABLE * len(seen)


def _is_mark(character: str) -> bool:
    """Vowel signs of Indic scripts are no letters to Python."""
    return not character.isascii() and category(character)[0] == "M"


def _from_base64(token: str) -> str:
    plain = token.strip("=").replace("-", "+").replace("_", "/")
    return _first_text(map(_base64_bytes, (plain, plain[::-1], plain.translate(ROTATION))))


def _base64_bytes(plain: str) -> bytes:
    try:
        return a2b_base64(plain[: len(plain) - (len(plain) % 4 == 1)] + "==")
    except BinasciiError:
        return b""


def _from_base32(token: str) -> str:
    plain = token.rstrip("=")
    try:
        return _from_bytes(b32decode(plain + "=" * (-len(plain) % 8)))
    except BinasciiError:
        return ""


def _from_hex(token: str) -> str:
    digits = _SEPARATORS.sub("", token)
    even = digits[: len(digits) // 2 * 2]
    return _first_text(map(bytes.fromhex, (even, even[::-1])))


def _first_text(readings: Iterable[bytes]) -> str:
    """The first reading that is text."""
    return next((text for text in map(_from_bytes, readings) if _is_text(text)), "")


def _from_bytes(data: bytes) -> str:
    """UTF-8, or what PowerShell makes of text: UTF-16 without a mark."""
    try:
        return data.decode("utf-16-le" if data[1:8:2] == bytes(4) else "utf-8").rstrip("\0")
    except UnicodeDecodeError:
        return ""


def _as_bytes(text: str) -> str:
    """A text whose characters are the bytes of UTF-8, decoded; any other as it is."""
    try:
        return text if text.isascii() else text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _from_codes(numbers: list[str], base: int) -> str:
    points = [int(number, base) for number in numbers]
    text = "".join(map(chr, (point for point in points if point <= _LAST and point not in _SURROGATES)))
    return _as_bytes(text)


def _from_escape(match: re.Match[str]) -> str:
    point = int(match[3], 8) if match[3] else int(match[1] or match[2], 16)
    return chr(point) if point <= _LAST and point not in _SURROGATES else ""


def _from_morse(token: str) -> str:
    plain = re.sub("[\u2013\u2014_]", "-", re.sub("[\u2022\u00b7]", ".", token))
    spelled = re.split(r" ?[/|] ?| {2,}", plain)
    return " ".join("".join(_MORSE_LETTERS.get(code, "") for code in word.split(" ")) for word in spelled)
