"""What a person is told that is held about them is what the tables hold: no more, no less."""

from gateway.rights.export import exported
from gateway.rights.inventory import INVENTORY, NOBODY
from gateway.rights.retention import Periods
from gateway.rights.statement import Statement, statements
from gateway.store import clock
from gateway.store.tables import METADATA

PERIODS = Periods(40 * clock.DAY, 91 * clock.DAY, 7 * clock.DAY)
UNRELATED = {
    "person",
    "audit_event",
    "incident_entry",
    "sign_in",
    "used_proof",
}


def told() -> dict[str, Statement]:
    """By table."""
    about_people = [name for name, holding in INVENTORY.items() if holding.withheld != NOBODY]
    return dict(zip(about_people, statements(PERIODS), strict=True))


def test_every_table_about_people_is_told_of() -> None:
    """What refers to a person, however many steps away, and those that do without; each in its own words."""
    related = {name for name, table in METADATA.tables.items() if table.foreign_keys}
    assert told().keys() == related | UNRELATED
    assert len({one.what for one in told().values()}) == len(told())
    assert all(one.why and one.kept_for for one in told().values())


def test_what_is_said_to_be_exported_is() -> None:
    """The same list as the export's."""
    ours = {table.name for table in exported()}
    assert {name for name, one in told().items() if one.exported} == ours & told().keys()


def test_days_are_the_operators() -> None:
    """Of what has an age."""
    found = told()
    assert found["decision"].kept_for == found["scan"].kept_for == "40 days"
    assert found["audit_event"].kept_for == "what was done 91 days, who came and was not let in 7 days"
    assert found["person"].kept_for.startswith("for ever: after an erasure an id and two times stay")
