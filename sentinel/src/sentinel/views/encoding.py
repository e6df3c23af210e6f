"""Texts inside encodings: base64, base32, hex, decimal codes, percent, HTML entities, escapes, Morse.

Guarantees: each decoder looks only when its cheap trigger fires, decodes at most MAX_TOKENS stretches of at most
MAX_TOKEN characters, and returns a stretch only when it reads as text.
"""

import re
from base64 import b32decode
from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Callable
from html import unescape
from string import ascii_lowercase
from urllib.parse import unquote

from sentinel.views.replacement import Replacement

MAX_TOKENS = 16  # stretches of one encoding in one text
MAX_TOKEN = 8192  # characters of one stretch
_READABLE = 0.8  # share of letters and spaces; prose has more than 0.9, random bytes that happen to be ASCII about 0.5
_LEAST = 6  # decoded characters: shorter ones happen by chance

Decoder = Callable[[str], list[Replacement]]

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE32 = re.compile(r"\b[A-Z2-7]{16,}={0,6}")
_HEX = re.compile(r"\b(?:0x)?[0-9a-fA-F]{2}(?:[ :,-]?(?:0x|\\x)?[0-9a-fA-F]{2}){7,}\b")
_DECIMAL = re.compile(r"\b(?:\d{2,3}[ ,;-]{1,2}){7,}\d{2,3}\b")
_BINARY = re.compile(r"\b(?:[01]{8}[ ,]?){6,}")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}[\w.~+-]*){3,}")  # begins at a sign: linear
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});?")
_ESCAPE = re.compile(r"(?:\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|[0-7]{3})){3,}")
_CODE = re.compile(r"\\(?:x|u\{?)([0-9a-fA-F]{2,6})\}?|\\([0-7]{3})")
_MORSE = re.compile(r"(?:[.\-\u2022\u00b7_\u2013\u2014]{1,5}[ /|]{1,3}){9,}[.\-\u2022\u00b7_\u2013\u2014]{1,5}")
# One look for the signs of all of them; what has none can't match any pattern above.
_SIGN = re.compile(
    r"[A-Za-z0-9+/_-]{16}|%[0-9a-fA-F]{2}|&|\\|\d\d[ ,;-]{1,2}\d{2,3}[ ,;-]"
    r"|[0-9a-fA-F]{2}[ :,-](?:0x)?[0-9a-fA-F]{2,}[ :,-](?:0x)?[0-9a-fA-F]{2}"
    r"|[.\-\u2022\u00b7_\u2013\u2014][ /|]{1,3}[.\-\u2022\u00b7_\u2013\u2014]",
)
_SEPARATORS = re.compile(r"[ :,-]|0x|\\x")
_MORSE_CODES = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
)
_MORSE_LETTERS = dict(zip(_MORSE_CODES.split(), ascii_lowercase, strict=True))


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
    return _stretches(_HEX, text, lambda token: _from_bytes(_from_hex(_SEPARATORS.sub("", token))))


def codes(text: str) -> list[Replacement]:
    """Decimal or binary character codes."""
    decimal = _stretches(_DECIMAL, text, lambda token: _from_codes(re.findall(r"\d+", token), 10))
    return decimal or _stretches(_BINARY, text, lambda token: _from_codes(re.findall(r"[01]{8}", token), 2))


def percent(text: str) -> list[Replacement]:
    """Percent-encoded stretches."""
    if "%" not in text:
        return []
    return _stretches(_PERCENT, text, lambda token: unquote(token.replace("+", " "), errors="replace"))


def entities(text: str) -> list[Replacement]:
    """HTML entities. Not capped in number: each stands for one character."""
    if "&" not in text:
        return []
    found = [Replacement(*match.span(), unescape(match[0])) for match in _ENTITY.finditer(text)]
    return [one for one in found if one.text != text[one.start : one.end]]


def escapes(text: str) -> list[Replacement]:
    r"""Runs of \x, \u and octal escapes."""
    if "\\" not in text:
        return []
    return _stretches(_ESCAPE, text, lambda token: _CODE.sub(_from_escape, token))


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
    if len(text) < _LEAST or not text.replace("\n", " ").isprintable():
        return False
    return sum(character.isalnum() or character in " +/=-_" for character in text) >= _READABLE * len(text)


def _from_base64(token: str) -> str:
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _from_bytes(a2b_base64(plain[: len(plain) - (len(plain) % 4 == 1)] + "=="))
    except BinasciiError:
        return ""


def _from_base32(token: str) -> str:
    plain = token.rstrip("=")
    try:
        return _from_bytes(b32decode(plain + "=" * (-len(plain) % 8)))
    except BinasciiError:
        return ""


def _from_hex(token: str) -> bytes:
    return bytes.fromhex(token[: len(token) // 2 * 2])


def _from_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _from_codes(numbers: list[str], base: int) -> str:
    return "".join(map(chr, (int(number, base) for number in numbers)))


def _from_escape(match: re.Match[str]) -> str:
    point = int(match[1], 16) if match[1] else int(match[2], 8)
    return chr(point) if point <= 0x10FFFF else ""  # noqa: PLR2004  # the last code point of Unicode


def _from_morse(token: str) -> str:
    plain = re.sub("[\u2013\u2014_]", "-", re.sub("[\u2022\u00b7]", ".", token))
    spelled = re.split(r" ?[/|] ?| {2,}", plain)
    return " ".join("".join(_MORSE_LETTERS.get(code, "") for code in word.split(" ")) for word in spelled)
