"""What a subscription allows, as data, and when a month of it ends. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import msgspec

from chassis.errors import StartRefused
from gateway.store.clock import SECOND

Bound = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
PlanName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
MONTHS: Final = 12  # of a year


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scans begun in a UTC month, messages of one scan, an AI provider's tokens a UTC day; None: no bound."""

    scans_a_month: Bound | None = None
    messages_a_scan: Bound | None = None
    ai_tokens_a_day: Bound | None = None


@dataclass(frozen=True, slots=True)
class Plans:
    """All plans by name, and the one of people who were given none."""

    by_name: Mapping[str, Plan]
    usual: str

    def of(self, name: str | None) -> tuple[str, Plan]:
        """A person's plan by the name that is stored; a name that is no longer offered is the usual one."""
        found = self.usual if name is None or name not in self.by_name else name
        return found, self.by_name[found]


def load(path: Path | None, usual: str) -> Plans:
    """The operator's plans, ours when there is no file. Raises StartRefused for a file or a usual plan that is none."""
    source = files("gateway.organise") / "plans.toml" if path is None else path
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
        by_name = msgspec.convert(table, dict[PlanName, Plan])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError):
        raise StartRefused(f"plans: {path} is no file of plans; see docs/reference/plans.md") from None
    if usual not in by_name:
        raise StartRefused("plan: names none of the plans in use; see docs/reference/plans.md")
    return Plans(by_name, usual)


def month_of(now: int) -> int:
    """The UTC month of a time in unix milliseconds, counted from the year 0."""
    moment = datetime.fromtimestamp(now / SECOND, UTC)
    return moment.year * MONTHS + moment.month - 1


def month_begins(month: int) -> int:
    """Its first moment in unix milliseconds."""
    return int(datetime(month // MONTHS, month % MONTHS + 1, 1, tzinfo=UTC).timestamp()) * SECOND
