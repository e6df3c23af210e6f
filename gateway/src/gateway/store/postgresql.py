"""The one module that knows PostgreSQL: how a server's database is opened, and what of its errors may be told.

psycopg's errors repeat the row that was refused, whatever is hidden of the statement; a log or a trace would have it.
"""

from typing import Any, Final

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError

from gateway.store.engine import POOL_WAIT_S

RAISED: Final = "P0001"  # SQLSTATE of what a trigger refuses


def open(url: URL, *, connections: int) -> Engine:  # noqa: A001  # read as store.postgresql.open
    """An engine on one database with so many connections. Its errors name a kind and a constraint, and no value."""
    engine = create_engine(url, hide_parameters=True, pool_size=connections, max_overflow=0, pool_timeout=POOL_WAIT_S)
    event.listen(engine, "handle_error", _tell_no_values)
    return engine


def _tell_no_values(context: ExceptionContext) -> None:
    error: Any = context.original_exception
    if isinstance(context.sqlalchemy_exception, DBAPIError) and error.sqlstate is not None:
        error.args = (_words(error),)
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {_words(error)}",)


def _words(error: Any) -> str:
    """Triggers say what they refuse in words of ours; of everything else, the code and the constraint are known."""
    if error.sqlstate == RAISED:
        return str(error.diag.message_primary)
    return " ".join(filter(None, (type(error).__name__, error.sqlstate, error.diag.constraint_name)))
