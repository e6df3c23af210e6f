"""Texts of operators: what must not be in one, because documents that leave the house are made of them.

An address of mail, an address of a client and what may be a token are recognised by their form. A subject of a mail is
not: nothing here reads one, and who pastes one is told not to (docs/how-to/handle-an-incident.md).
"""

import re
from typing import Final

import msgspec

from gateway.incidents.entry import Body, Evidence
from gateway.incidents.refusal import IncidentRefused

_HEXES: Final = "[0-9A-Fa-f]{1,4}"
_FORMS: Final = {
    "an address of mail": re.compile(r"[^\s@]@[^\s@]"),
    "an address of a client": re.compile(
        rf"\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b|(?:{_HEXES}:){{3,}}|::{_HEXES}|{_HEXES}::"
    ),
    "a token": re.compile(r"[A-Za-z0-9_+=-]{40,}|\beyJ[A-Za-z0-9_-]{5,}"),
    "a character that is not shown": re.compile(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    ),
}


def check(operator: str, body: Body) -> None:
    """Raises IncidentRefused for what must not be in a text; it says what kind of thing, and does not repeat it."""
    for text in (operator, *_texts(body)):
        found = next((what for what, form in _FORMS.items() if form.search(text)), None)
        if found is not None:
            raise IncidentRefused(
                "This was not written.",
                f"The text has {found} in it.",
                "Say it without; evidence is linked by the ids of audit events.",
            )


def _texts(body: Body) -> list[str]:
    """Whatever a person typed; ids and pseudonyms of evidence are looked up, not typed."""
    if isinstance(body, Evidence):
        return []
    return [value for value in msgspec.structs.astuple(body) if isinstance(value, str)]
