"""A row of the injection corpus."""

from sentinel.finding import Field
from sentinel.item import Item


def item(row: dict[str, str]) -> Item:
    """What is inspected of it."""
    return Item(
        {
            Field.SUBJECT: row["subject"],
            Field.SENDER_NAME: row["sender_name"],
            Field.SENDER_ADDRESS: row["sender_address"],
        },
    )
