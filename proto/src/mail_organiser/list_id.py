"""The id of a mailing list, out of what a List-Id header holds (RFC 2919). Pure.

Guarantees: an id is lower-case ASCII of at most MAX_LIST_ID characters without a blank, or there is none. The name
that may stand before it is thrown away, as is anything that isn't plainly an id: a stranger writes this header.
"""

import re
from typing import Final

MAX_LIST_ID: Final = 255  # RFC 2919, section 2: an id is no longer
_HEADER: Final = 2_048  # characters of a header's value that are read: an id after a name of any honest length
_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+")  # dot-atom, RFC 5322


def bare_list_id(header: str | None) -> str | None:
    """The id in '"Name" <id>', or in an id that stands alone. None where there is none."""
    if header is None or len(header) > _HEADER:
        return None
    _, bracket, inside = header.rpartition("<")
    text = (inside.partition(">")[0] if bracket else header).strip()
    return text.lower() if len(text) <= MAX_LIST_ID and _ID.fullmatch(text) else None
