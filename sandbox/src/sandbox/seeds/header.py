"""The header fields of a message that metadata is made of, as raw bytes.

Guarantees: only the named fields are looked at, first come first kept (several From: what Exchange shows is the first);
folded lines are joined; any bytes are accepted. Never reads past the blank line that ends the headers.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Mapping

WANTED = frozenset(
    b"from sender date subject to cc list-id message-id received x-gmail-labels".split(),
)

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_SEPARATOR = re.compile(rb"\A>?From [^\n]*\n")


def fields(head: bytes) -> Mapping[bytes, bytes] | None:
    """Wanted fields by lower-case name, values without folds; None when there is no header line at all."""
    text = _SEPARATOR.sub(b"", head.removeprefix(BOM_UTF8), count=1)
    found: dict[bytes, bytes] = {}
    lines = 0
    for field in _FIELD.finditer(text, 0, _end(text)):
        lines += 1
        name = field[1].lower()
        if name in WANTED and name not in found:
            found[name] = _FOLD.sub(b" ", field[2]).strip()
    return found if lines else None


def _end(text: bytes) -> int:
    """Where the blank line begins; the length when the message was cut before it."""
    if text.startswith((b"\n", b"\r\n")):
        return 0
    blanks = [at for at in (text.find(b"\n\n"), text.find(b"\n\r\n")) if at >= 0]
    return min(blanks, default=len(text))
