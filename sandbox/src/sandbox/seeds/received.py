"""When a message came: the first date of a message that can be read.

Guarantees a time in UTC, whatever the text. A message without any date is given UNDATED, because a mailbox has no
message without a time and a made-up recent one would put it on top.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1970, 2101)  # outside of them a date is a forgery or a broken clock, and breaks arithmetic further on
_MAX_LENGTH = 200  # characters; a date has 40


def received_at(candidates: Iterable[str]) -> datetime:
    """The first candidate (RFC 5322 and what comes near to it) that is a date."""
    return next((moment for text in candidates if (moment := _moment(text)) is not None), UNDATED)


def _moment(text: str) -> datetime | None:
    try:
        parsed = parsedate_tz(text[:_MAX_LENGTH])
        if parsed is None:
            return None
        zone = timezone(timedelta(seconds=parsed[9] or 0))
        moment = datetime(*parsed[:6], tzinfo=zone).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser's ways to say no to a broken date
        return None
    return moment if moment.year in _YEARS else None
