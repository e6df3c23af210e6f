"""One line of the inventory, and whether it is time to do something about it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chassis.secret_file import Dates
from cli.inventory.listed import Listed


class State(StrEnum):
    """DUE: to be replaced now; ENDED: no longer good."""

    GOOD = "good"
    DUE = "due"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """name: of which key; where: it lies, or which setting names it. Times in UTC; None: none, or nobody can know.

    made_by: how made_at is known: key, certificate, operator, or file (when it was changed last).
    """

    name: str
    what: Listed
    where: str
    id: str | None = None
    made_at: datetime | None = None
    made_by: str | None = None
    in_use_since: datetime | None = None
    ends_at: datetime | None = None
    due_at: datetime | None = None
    count: int | None = None
    uses: int | None = None
    limit: int | None = None

    def state(self, now: datetime) -> State:
        """Half of the limit of uses counts as due: the rest is time to act."""
        if self.ends_at is not None and self.ends_at <= now:
            return State.ENDED
        worn = self.uses is not None and self.limit is not None and 2 * self.uses >= self.limit
        return State.DUE if worn or (self.due_at is not None and self.due_at <= now) else State.GOOD


def of_file(name: str, what: Listed, where: str, dates: Dates) -> Row:
    """A secret in a file, used since it is there."""
    ends = dates.ends_at
    due_at = due(dates.made_at, what)
    if ends is not None:
        due_at = min(ends - timedelta(days=14), due_at or ends)
    since = dates.made_at
    return Row(
        name=name,
        what=what,
        where=where,
        made_at=since,
        made_by=dates.made_by,
        in_use_since=since,
        ends_at=ends,
        due_at=due_at,
    )


def due(made_at: datetime | None, what: Listed) -> datetime | None:
    """When it is to be replaced."""
    return None if made_at is None or what.days is None else made_at + timedelta(days=what.days)


def moment(milliseconds: int | None) -> datetime | None:
    """Unix milliseconds as UTC."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
