"""Tag characters (U+E0020 to U+E007E): invisible copies of ASCII that models read and people don't.

Guarantees: outside an emoji flag they become the letters they copy, apart from the words beside them; flags and their
tags are left to be stripped.
"""

import re

from sentinel.canonical.mapped import Mapped, Rewriter

FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{3,6}\U000e007f")  # Unicode TR51: England etc.
TAGGED = re.compile("[\U000e0020-\U000e007e]+")
_FIRST = 0xE0000


def hidden_runs(text: str) -> list[tuple[int, int]]:
    """Where runs of tag characters stand that belong to no flag."""
    if not TAGGED.search(text):
        return []
    bare = FLAG.sub(lambda flag: " " * len(flag[0]), text)
    return [run.span() for run in TAGGED.finditer(bare)]


def decode_tags(mapped: Mapped) -> Mapped:
    """Hidden ASCII made plain, in its place."""
    runs = [] if mapped.text.isprintable() else hidden_runs(mapped.text)
    if not runs:
        return mapped
    rewriter, place = Rewriter(mapped), 0
    for start, end in runs:
        rewriter.keep(place, start)
        rewriter.put(" ", start, start + 1)
        for index in range(start, end):
            rewriter.put(chr(ord(mapped.text[index]) - _FIRST), index, index + 1)
        rewriter.put(" ", end - 1, end)
        place = end
    rewriter.keep(place, len(mapped.text))
    return rewriter.done()
