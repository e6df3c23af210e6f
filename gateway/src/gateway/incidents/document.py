"""A document for people to send or to keep: titled parts, as Markdown or as JSON. Pure.

Guarantees: what is not known says so; a text of an operator stays text: it makes no markup.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from gateway.store import clock

NOT_KNOWN: Final = "not yet known"
NOT_SET: Final = "not set by the operator"
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~!]|^[-+=]|(?<=^\d)[.)])")


class Part(NamedTuple):
    """One question and its answer; `name` is the key in JSON."""

    name: str
    title: str
    text: str


class Document(NamedTuple):
    """`kind` is a code."""

    kind: str
    title: str
    parts: tuple[Part, ...]


def as_json(document: Document) -> str:
    """One object: kind, title, and fields by name."""
    fields = {part.name: part.text for part in document.parts}
    return json.dumps({"kind": document.kind, "title": document.title, "fields": fields}, indent=2, ensure_ascii=False)


def as_markdown(document: Document) -> str:
    """A heading for each part."""
    parts = [f"## {part.title}\n\n{_plain(part.text)}\n" for part in document.parts]
    return "\n".join([f"# {document.title}\n", *parts])


def stated(text: str | int | None) -> str:
    """The text, or that it is not known."""
    return NOT_KNOWN if text is None else str(text)


def unset(text: str | None) -> str:
    """The text, or that the operator did not set it."""
    return NOT_SET if text is None else text


def listed(texts: Sequence[str], nothing: str = NOT_KNOWN) -> str:
    """A line each."""
    return "\n".join(texts) if texts else nothing


def day(moment: int) -> str:
    """A time (unix ms) for people."""
    return datetime.fromtimestamp(moment // clock.SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _plain(text: str) -> str:
    """Each line a paragraph, with everything escaped that means something to Markdown."""
    return "\n\n".join(_MARKS.sub(r"\\\1", line.strip()) for line in text.splitlines() if line.strip())
