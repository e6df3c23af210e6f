"""The database file, written anew after a deletion that was promised: then it holds none of the deleted bytes.

Guarantees: a deletion owes it in its own transaction, so that a crash forgets nothing; one that came while the file was
being rewritten is owed still. PostgreSQL has no such file: there the operator's VACUUM and WAL retention decide.
"""

import asyncio
from typing import Final

from sqlalchemy import Connection

from chassis import logs
from gateway.organise.context import Context, now
from gateway.store import duties, engine
from gateway.store.errors import DatabaseRefused

REWRITING: Final = "scrub"
_log = logs.get("gateway.rights")


def owe(connection: Connection) -> None:
    """In the transaction of the deletion."""
    duties.owe(connection, REWRITING, at=now())


async def rewrite(context: Context) -> bool:
    """Rewrite the file if that is owed; whether nothing is left to rewrite."""
    owed, began = await context.read(lambda connection: duties.owed_since(connection, REWRITING)), now()
    if owed is None or context.engine.dialect.name != "sqlite":
        return True
    try:
        await asyncio.to_thread(engine.scrub, context.engine)
    except DatabaseRefused:
        _log.warning("erasure.not_rewritten_yet")
        return False
    return await context.write(lambda connection: duties.paid(connection, REWRITING, owed=owed, at=began))
