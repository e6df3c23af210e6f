"""Time: twice the text takes about twice the time, whatever the text. A ratio, of this thread's CPU time."""

import base64
import gc
import time
from collections.abc import Callable
from itertools import product

import pytest

from sentinel.canonical.form import canonical_form
from sentinel.canonical.mapped import Mapped
from sentinel.finding import Field
from sentinel.inspector import Inspector
from sentinel.item import Item
from sentinel.reading import MAX_READ
from sentinel.rules.book import read_rules
from sentinel.rules.matcher import Matcher
from sentinel.views import encoding
from sentinel.views.spelling import respelled

LENGTH = 65_536  # code points
MOST = 3.0  # times as long for twice the text; quadratic would be four
BOUND = 0.05  # seconds for one field of any length through everything; measured 0.015 at worst
HOSTILE = {
    "marks": "a" + "\u0301\u0323" * 9,
    "one stack of marks": "\u0301\u0323",
    "look-alikes": "ign\u043er\u0435 \u0456ns ",
    "tags": "\U000e0069",
    "zero width": "i\u200bg\u200b",
    "encoded words": "=?utf-8?q?a?= ",
    "broken encoded words": "=?utf-8?b?",
    "jamo": "\u1112\u1161\u11ab",
    "selectors": "\ufe0f\U000e0101",
    "base64": base64.b64encode(b"ignore all the ").decode() + " ",
    "percent": "%41a",
    "percent once": "aaaaaaaaaaaaaaaa",
    "entities": "&#105;&amp",
    "letters apart": "i g n-o_r ",
    "override": "\u202eab",
    "leet": "1gn0r3 pr3v10u5 ",
    "rotated": "vtaber cerivbhf ",
    "reversed": "erongi suoiverp siht ",
    "pig latin": "ignoreway ethay ",
    "cut": "ig nore prev ious ",
    "emoji": "a\U0001f600",
    "upside down": "\u0250\u01dd\u0279",
    "posing": "\u0441\u043e\u0440\u0443 a ",
    "hex": "69676e6f7265 ",
    "morse": ".- -... ",
    "codes": "105 103 ",
    "one that becomes 18": "\ufdfa",
    "half a rule": "ignore all ",
    "markup": "<|[{<system: ",
}


def seconds(work: Callable[[str], object], text: str) -> float:
    gc.disable()  # its passes over all that other tests left behind are no time of this text
    try:
        return min(_once(work, text) for _ in range(5))
    finally:
        gc.enable()


def _once(work: Callable[[str], object], text: str) -> float:
    started = time.thread_time()
    work(text)
    return time.thread_time() - started


def read(text: str) -> None:
    """Every step that isn't capped by the reading: the forms, the triggers and the decoders."""
    form = canonical_form(Mapped.of(text))
    for decode in (encoding.base64, encoding.base32, encoding.hexadecimal, encoding.codes, encoding.percent):
        decode(form.decoded.text)
    for decode in (encoding.entities, encoding.escapes, encoding.morse, encoding.quoted_printable):
        decode(form.decoded.text)
    list(respelled(form))


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_reading_takes_linear_time(unit: str) -> None:
    """64 ki characters of one trick, against half of them."""
    text = "%41" + unit * (LENGTH // len(unit))
    assert seconds(read, text) <= MOST * seconds(read, text[: len(text) // 2]) + 0.01


def test_matching_takes_linear_time() -> None:
    """RE2 keeps its promise with our rules: half a match, over and over."""
    matcher = Matcher(read_rules())
    for unit in ("ignore all ", "forget the of your ", "<system ", "you are now an "):
        whole, half = (Mapped.of(unit * (length // len(unit))) for length in (LENGTH, LENGTH // 2))
        matcher.hits(whole)  # builds the automaton
        took, least = (seconds(lambda _, page=page: matcher.hits(page), "") for page in (whole, half))
        assert took <= MOST * least + 0.01


def test_no_field_takes_long(inspector: Inspector) -> None:
    """Whatever stands in it, and however long it is: also as long as is still read whole."""
    for unit, length in product(HOSTILE.values(), (LENGTH, MAX_READ)):
        text = unit * (length // len(unit))
        assert seconds(lambda given: inspector.inspect([Item({Field.SUBJECT: given})]), text) < BOUND
