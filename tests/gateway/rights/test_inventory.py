"""Every table and column has its place: how long it is kept, and whether its owner gets it."""

from gateway.rights.export import exported
from gateway.rights.inventory import INVENTORY, WITHHELD, Kept
from gateway.rights.retention import TABLES
from gateway.store.tables import METADATA


def test_every_table_has_a_retention_class() -> None:
    """A new table fails here until somebody has said how long its rows are kept."""
    assert set(INVENTORY) == set(METADATA.tables)


def test_what_is_kept_without_end_says_why() -> None:
    """A row that no timer deletes needs a reason."""
    endless = {name for name, holding in INVENTORY.items() if holding.kept in {Kept.UNTIL_ERASED, Kept.FOR_EVER}}
    assert all(INVENTORY[name].endless for name in endless)
    timed = {name for name, holding in INVENTORY.items() if holding.kept in {Kept.METADATA, Kept.EXPIRY, Kept.SPENDING}}
    assert timed == set(TABLES)


def test_what_goes_when_its_owner_is_erased_hangs_on_them() -> None:
    """Everything that is kept until erasure is deleted with the mailbox or by the person's id."""
    for name in [name for name, holding in INVENTORY.items() if holding.kept is Kept.UNTIL_ERASED]:
        columns = METADATA.tables[name].c
        parents = {key.target_fullname for column in columns for key in column.foreign_keys}
        assert {"mailbox.id", "person.id", "api_key.id"} & parents


def test_what_an_export_leaves_out_is_named_with_its_reason() -> None:
    """No column disappears silently: it is in the export or in this list, and the list names only real ones."""
    assert all(INVENTORY[name].withheld for name in set(INVENTORY) - {table.name for table in exported()})
    columns = {f"{table.name}.{column.name}" for table in METADATA.tables.values() for column in table.c}
    assert set(WITHHELD) <= columns
