"""One cheap look that tells ordinary text from all that may have another reading.

Guarantees: where it finds text plain, no decoder and no respelling finds anything in it (a test holds this). It asks
the C library about classes of bytes, and two automata; only where those raise a doubt is a trigger itself asked.
"""

import re
from string import ascii_letters, digits

from sentinel.views.apart import emoji_inside, is_cut, letters_apart
from sentinel.views.encoding import may_be_encoded
from sentinel.views.leet import SIGNS, is_leet
from sentinel.views.look_alike import poses_as_latin
from sentinel.views.turned import is_turned, is_upside_down, reads_backwards


def _classes(groups: dict[str, str], other: str) -> bytes:
    """A table for bytes.translate: each group's characters become its name, all else becomes other."""
    names = {character: name for name, characters in groups.items() for character in characters}
    return "".join(names.get(chr(point), other) for point in range(256)).encode()


_KINDS = _classes({"a": ascii_letters + digits}, ".")
_FOREIGN_KINDS = _classes({"a": ascii_letters + digits, "?": "?"}, ".")  # a question mark is a character of any sort
_MORSE = re.compile("[\u2022\u00b7\u2013\u2014][ /|]{1,3}[.\u2022\u00b7_\u2013\u2014-]")
_TOKENS = _classes({"x": ascii_letters + digits + "+/_-"}, " ")
_LEET = _classes({"a": ascii_letters, "0": SIGNS}, " ")
_USUAL = (ascii_letters + " ,.:;'?()[]#/-\"").encode()
_DIGITS = digits.encode()
_RARE = re.compile(rb"[%=][0-9a-fA-F]{2}|&(?:#|[a-zA-Z]{2})|\\|[uU]\+")
_LONE = b".a.a.a.a"  # letters on their own
_SYMBOLS = b"." * 12  # in a row: Morse
_SOLID = b"a" * 16  # base32, hex, and base64 but for its two odd characters
_TOKEN = b"x" * 24
_MOST_DIGITS = 7  # eight codes of characters, or bytes in hex, have more
_MOST_PIGS = 2


def reads_plainly(decoded: str, canonical: str) -> bool:
    """True when nothing in the text stands for another text. Expects its two forms."""
    if not _is_quiet(decoded, canonical) or canonical.count("ay") > _MOST_PIGS:
        return False
    return not is_turned(canonical) and not is_cut(canonical)


def _is_quiet(decoded: str, canonical: str) -> bool:
    if not decoded.isascii():
        return not _is_disguised(decoded, canonical) and not (_has_foreign_codes(decoded) and may_be_encoded(decoded))
    data = decoded.encode()
    kinds, rest = b"." + data.translate(_KINDS), data.translate(None, _USUAL)
    if _LONE in kinds and letters_apart(canonical):
        return False
    if rest and _has_leet(data) and is_leet(canonical):
        return False
    doubtful = _SOLID in kinds or _SYMBOLS in kinds or _TOKEN in data.translate(_TOKENS)
    return not (doubtful or (rest and _has_codes(data, rest))) or not may_be_encoded(decoded)


def _has_foreign_codes(decoded: str) -> bool:
    data = decoded.encode("ascii", "replace")
    kinds = data.translate(_FOREIGN_KINDS)
    if _SOLID in kinds or _SYMBOLS in kinds or _TOKEN in data.translate(_TOKENS):
        return True
    return _has_codes(data, data.translate(None, _USUAL)) or bool(_MORSE.search(decoded))


def _is_disguised(decoded: str, canonical: str) -> bool:
    """What only a text that isn't ASCII can be."""
    if is_upside_down(decoded) or emoji_inside(canonical) or letters_apart(canonical):
        return True
    if (_has_leet(canonical.encode("ascii", "replace")) and is_leet(canonical)) or poses_as_latin(canonical):
        return True
    return not canonical.isascii() and reads_backwards(canonical)


def _has_leet(data: bytes) -> bool:
    leet = data.translate(_LEET)
    return b"a0a" in leet or b"a00a" in leet


def _has_codes(data: bytes, rest: bytes) -> bool:
    signs = rest.translate(None, _DIGITS)
    return len(rest) - len(signs) > _MOST_DIGITS or (bool(signs) and _RARE.search(data) is not None)
