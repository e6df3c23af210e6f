"""Everything else that a text says once it is decoded, respelled or made visible, and again inside of that.

Guarantees: at most MAX_VIEWS views of at most MAX_VIEWED code points together, at most MAX_DEPTH disguises deep; what
lies beyond is reported by complete, never left out in silence. No view says what was read already.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sentinel.canonical.form import Form, canonical_form
from sentinel.canonical.mapped import Mapped
from sentinel.views import encoding
from sentinel.views.replacement import Replacement, replaced
from sentinel.views.smuggled import carries_bytes, smuggled
from sentinel.views.spelling import respelled
from sentinel.views.turned import REVERSING, displayed

MAX_DEPTH = 2  # disguises inside one another that are opened
MAX_VIEWS = 16  # of one field
MAX_VIEWED = 4096  # code points of all views of one field; bounds what detectors read

_DECODERS: tuple[encoding.Decoder, ...] = (
    encoding.base64, encoding.base32, encoding.hexadecimal, encoding.codes, encoding.percent,
    encoding.quoted_printable, encoding.entities, encoding.escapes, encoding.morse,
)  # fmt: skip
Decoding = tuple[encoding.Decoder, list[Replacement]]

# Of these a stretch that reads as prose is a finding even when no rule knows the prose.
_OPAQUE = frozenset({encoding.base64, encoding.base32, encoding.hexadecimal, encoding.codes, encoding.morse})


class View(NamedTuple):
    """Another way to read a field: its canonical text, and whether that came out of hidden characters."""

    canonical: Mapped
    hidden: bool = False


class Opening(NamedTuple):
    """The views of a text, the spans that held prose in an opaque encoding, and whether everything was opened."""

    views: tuple[View, ...]
    opaque: tuple[Replacement, ...]
    complete: bool


class _Page(NamedTuple):
    """A form, what the encodings in it hold, and whether it came out of hidden characters."""

    form: Form
    decodings: list[Decoding]
    hidden: bool


def opened(original: Mapped, plain: Form, prompt: Mapped | None) -> Opening:
    """Opens a text."""
    first = _Page(plain, _decodings(plain.decoded), hidden=False)
    known = {plain.canonical.text, prompt.text if prompt else ""}
    views: list[View] = []
    layer, complete = [first], True
    for depth in range(MAX_DEPTH):
        inside = [form for page in layer for form in _inside(page)]
        shown = [(form, True) for form in _hidden(original)] if depth == 0 else []
        layer, fits = _kept([*shown, *inside], known, views)
        complete = complete and fits
    complete = complete and not any(page.decodings for page in layer)
    return Opening(tuple(views), _opaque(plain.decoded, first.decodings), complete)


def _kept(found: list[tuple[Mapped, bool]], known: set[str], views: list[View]) -> tuple[list[_Page], bool]:
    """Pages of the texts that say something new, added to the views; and whether there was room for all."""
    layer: list[_Page] = []
    for text, hidden in found:
        form = canonical_form(text)
        if form.canonical.text in known:
            continue
        if len(views) == MAX_VIEWS or len(form.canonical.text) > MAX_VIEWED - _size(views):
            return layer, False
        known.add(form.canonical.text)
        views.append(View(form.canonical, hidden))
        layer.append(_Page(form, _decodings(form.decoded), hidden))
    return layer, True


def _size(views: list[View]) -> int:
    return sum(len(view.canonical.text) for view in views)


def _inside(page: _Page) -> Iterator[tuple[Mapped, bool]]:
    for _, replacements in page.decodings:
        yield replaced(page.form.decoded, replacements), page.hidden
    for text in respelled(page.form):
        yield text, page.hidden


def hides(text: str) -> bool:
    """Whether there may be a text that only hidden characters hold, or that a screen shows in another order."""
    return not text.isascii() and (REVERSING in text or carries_bytes(text))


def _hidden(original: Mapped) -> Iterator[Mapped]:
    """Bytes behind emoji, and what a bidi override shows."""
    if hides(original.text):
        yield replaced(original, smuggled(original.text))
        yield from displayed(original)


def _decodings(decoded: Mapped) -> list[Decoding]:
    """What each encoding holds that is in the text."""
    if not encoding.may_be_encoded(decoded.text):
        return []
    found = [(decode, decode(decoded.text)) for decode in _DECODERS]
    return [(decode, replacements) for decode, replacements in found if replacements]


def _opaque(decoded: Mapped, decodings: list[Decoding]) -> tuple[Replacement, ...]:
    found = [one for decode, replacements in decodings if decode in _OPAQUE for one in replacements]
    found = [one for one in found if encoding.is_prose(one.text)]
    return tuple(Replacement(*decoded.span(one.start, one.end), one.text) for one in found)
