"""What is held about a person, said to them: the inventory in sentences, with the days that the operator set. Pure."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from gateway.rights.inventory import INVENTORY, NOBODY, Holding, Kept
from gateway.rights.retention import Periods
from gateway.store import clock

SPENDING_FOR: Final = "until the month after it is over, at most"
ENDS_BY_ITSELF: Final = "until it ends by itself, and a day at most after that"
UNTIL_ERASED: Final = "until you take it back or erase everything"


class Statement(NamedTuple):
    """`kept_for`: a phrase. `exported`: whether a person's export has it."""

    what: str
    why: str
    kept_for: str
    exported: bool


def statements(periods: Periods) -> list[Statement]:
    """One for each table that is about people, in the order of the inventory."""
    held = [holding for holding in INVENTORY.values() if holding.withheld != NOBODY]
    return [Statement(one.what, one.why, _PHRASES[one.kept](one, periods), one.withheld is None) for one in held]


def _days(milliseconds: int) -> str:
    return f"{milliseconds // clock.DAY} days"


_PHRASES: Final[Mapping[Kept, Callable[[Holding, Periods], str]]] = {
    Kept.METADATA: lambda _, periods: _days(periods.metadata),
    Kept.AUDIT_LOGS: lambda _, periods: (
        f"what was done {_days(periods.audit)}, who came and was not let in {_days(periods.security)}"
    ),
    Kept.EXPIRY: lambda _, __: ENDS_BY_ITSELF,
    Kept.SPENDING: lambda _, __: SPENDING_FOR,
    Kept.UNTIL_ERASED: lambda _, __: UNTIL_ERASED,
    Kept.FOR_EVER: lambda holding, _: f"for ever: {holding.endless}",
}
