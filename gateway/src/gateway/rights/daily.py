"""What one replica does once a day: a due key, what is too old, and what durable work no longer needs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.rights.retention import LEASE, Retention
from gateway.store import clock, duties
from gateway.vault.vault import Vault
from gateway.work import Work

RENEWAL = "renewal"


class Daily:
    """One per process; who comes first does it."""

    def __init__(  # noqa: PLR0913  # whose day it is
        self,
        engine: Engine,
        vault: Vault,
        audit: Trail,
        retention: Retention,
        work: Work,
        *,
        holder: str,
        now: Callable[[], int] = clock.now,
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._audit = audit
        self._retention = retention
        self._work = work
        self._holder = holder
        self._now = now

    async def round(self) -> None:
        """Whatever is due."""
        await asyncio.to_thread(self._renew)
        if await asyncio.to_thread(self._retention.round) is not None:
            before = datetime.now(UTC) - timedelta(milliseconds=self._retention.metadata)
            await self._work.forget_ended(before=before)

    def _renew(self) -> None:
        now = self._now()
        with self._engine.begin() as connection:
            ours = duties.take(connection, RENEWAL, self._holder, now=now, every=clock.DAY, lease=LEASE)
        if not ours:
            return
        made = self._vault.renew(self._engine)
        with self._engine.begin() as connection:
            duties.done(connection, RENEWAL, at=now)
            if made is not None:
                self._audit.record(connection, Event(Kind.KEY_ROTATED, object_id=made))
