"""MIME encoded words (RFC 2047) decoded, also the sloppy ones that mail clients decode anyway.

Guarantees: no encoded word is left standing. What can't be decoded becomes U+FFFD, which the limits detector reports.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from codecs import lookup
from itertools import groupby

from sentinel.canonical.mapped import Mapped, Rewriter

UNDECODABLE = "\N{REPLACEMENT CHARACTER}"

# charset?encoding?payload; no part may hold a question mark, so scans never overlap and the time stays linear.
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]{0,4096})\?=")
_MAX_CHARSET_BYTES = 65_536  # of one run of words; a subject has at most 998 bytes a line (RFC 5322 2.1.1)


def decode_words(mapped: Mapped) -> Mapped:
    """Every encoded word, and the white space between two of them, replaced by the text it stands for."""
    if "=?" not in mapped.text:
        return mapped
    words = list(_WORD.finditer(mapped.text))
    rewriter, place = Rewriter(mapped), 0
    for _, run in groupby(enumerate(words), key=_RunOfWords(mapped.text, words)):
        matches = [match for _, match in run]
        rewriter.keep(place, matches[0].start())
        place = matches[-1].end()
        rewriter.put(_decoded(matches), matches[0].start(), place)
    rewriter.keep(place, len(mapped.text))
    return rewriter.done()


class _RunOfWords:
    """Numbers runs: neighbours with one charset and only white space between may share a split character."""

    def __init__(self, text: str, words: list[re.Match[str]]) -> None:
        self._text = text
        self._words = words
        self._run = 0

    def __call__(self, numbered: tuple[int, re.Match[str]]) -> int:
        index, word = numbered
        previous = self._words[index - 1] if index else None
        if previous is None or not self._adjoins(previous, word):
            self._run += 1
        return self._run

    def _adjoins(self, previous: re.Match[str], word: re.Match[str]) -> bool:
        between = self._text[previous.end() : word.start()]
        return not between.strip() and previous[1].lower() == word[1].lower()


def _decoded(words: list[re.Match[str]]) -> str:
    data = b"".join(_payload(word[2].lower(), word[3]) for word in words)
    charset = words[0][1].split("*")[0]  # RFC 2231 allows charset*language
    try:
        if len(data) > _MAX_CHARSET_BYTES or not lookup(charset)._is_text_encoding:  # noqa: SLF001  # how CPython itself keeps bytes-to-bytes codecs such as zlib out
            return UNDECODABLE
        return data.decode(charset, errors="replace")
    except (LookupError, ValueError):
        return UNDECODABLE


def _payload(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", errors="replace")
    if encoding == "q":
        return a2b_qp(raw, header=True)
    try:
        return a2b_base64(raw + b"==")
    except Base64Error:
        return b"\xff"
