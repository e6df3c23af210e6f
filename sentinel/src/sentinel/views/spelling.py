"""Texts spelled another way, each way with its own cheap trigger. What comes out is not canonical yet."""

from collections.abc import Iterator

from sentinel.canonical.form import Form
from sentinel.canonical.mapped import Mapped
from sentinel.views.apart import closed_up, uncut, without_emoji
from sentinel.views.leet import spelled_out
from sentinel.views.look_alike import latinised
from sentinel.views.pig_latin import unpigged
from sentinel.views.turned import turned


def respelled(form: Form) -> Iterator[Mapped]:
    """The other readings whose sign is there."""
    canonical = form.canonical
    yield from latinised(canonical)
    yield from spelled_out(canonical)
    yield from closed_up(canonical)
    yield from without_emoji(canonical)
    yield from uncut(canonical)
    yield from turned(form)
    yield from unpigged(canonical)
