"""What the store refuses; the API maps these to problems. No message ever holds a row's content."""


class StoreError(Exception):
    """Base of all that the store raises on purpose."""


class RowAbsent(StoreError):
    """No such row, or not this owner's: the two are indistinguishable on purpose."""


class StaleVersion(StoreError):
    """Somebody else wrote in between; read again and decide again."""


class IllegalTransition(StoreError):
    """The row's state does not allow this step."""


class TooMany(StoreError):
    """There are as many rows of this kind as one owner may have."""


class DatabaseRefused(StoreError):
    """The database file or its settings are not what this version can work on safely."""


class TextRefused(StoreError):
    """A column of ids and codes was given something that is neither."""


class Duplicate(StoreError):
    """Such a row exists already."""
