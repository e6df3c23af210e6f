"""The name of a time zone as the rest of the world writes it.

Graph tells Outlook's own names ("W. Europe Standard Time") or IANA's; CLDR says which is which. A name that neither
knows becomes None, so that nothing that a mailbox's owner typed goes further. Pure.
"""

from typing import Final

from tzlocal.windows_tz import tz_win, win_tz  # CLDR's table of Windows zones, which tzlocal keeps up to date

_IANA: Final = frozenset(tz_win) - {""}


def iana(name: str) -> str | None:
    """IANA's name of a zone; None for one that is unknown."""
    return win_tz.get(name, name if name in _IANA else None)
