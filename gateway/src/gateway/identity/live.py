"""Which sessions are live: not revoked, not idle too long, not over; and which of their tokens are denied.

Guarantees: asked after every token verification, also a cached one. A session, a token or an API key that ended on this
replica is refused at once; on the others within RECHECK_S, because no answer is believed for longer. Memory is bounded.
A database that doesn't answer is no "yes": the request fails.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from gateway.identity.jwt import Principal
from gateway.store import clock, denied_tokens, sessions, transaction

RECHECK_S: Final = 5.0  # spec: a revocation is effective in 5 s
TOUCH_S: Final = 60.0  # how exactly the idle limit counts; one write a minute and session
IDLE_MS: Final = 30 * clock.MINUTE  # spec
ABSOLUTE_MS: Final = 8 * clock.HOUR  # spec
MAX_REMEMBERED: Final = 10_000  # sessions, each way


class _Answer(NamedTuple):
    live: bool
    denied: frozenset[str]
    asked_at: float
    touched_at: float


class LiveSessions:
    """The answer to "is this session live?", for the edge."""

    def __init__(self, engine: Engine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, principal: Principal) -> bool:
        """Whether the principal's session is live. Unavailable when that can't be known."""
        answer = self._answers.get(principal.session_id)
        if answer is None or self._monotonic() - answer.asked_at >= RECHECK_S:
            answer = await self._ask(principal, answer)
        # Last, so that a sign-out that happened while we were asking still wins.
        ended = principal.session_id in self._ended or principal.jti in self._ended
        return answer.live and principal.jti not in answer.denied and not ended

    def end(self, *ids: str) -> None:
        """These sessions, tokens (by jti) or API keys were revoked just now, on this replica."""
        for ended in ids:
            self._ended[ended] = None
            _bound(self._ended)

    def ended(self, name: str) -> bool:
        """Whether a session, token or API key was revoked on this replica."""
        return name in self._ended

    async def _ask(self, principal: Principal, before: _Answer | None) -> _Answer:
        now = self._monotonic()
        touch = before is None or now - before.touched_at >= TOUCH_S
        if touch:
            found = await transaction.write(self._engine, lambda connection: _touch(connection, principal))
        else:
            found = await transaction.read(self._engine, lambda connection: _look(connection, principal))
        answer = _Answer(*found, now, now if touch or before is None else before.touched_at)
        self._answers[principal.session_id] = answer
        self._answers.move_to_end(principal.session_id)
        _bound(self._answers)
        return answer


def _touch(connection: Connection, principal: Principal) -> tuple[bool, frozenset[str]]:
    live = sessions.touch(connection, principal.session_id, now=clock.now(), idle=IDLE_MS)
    return live, denied_tokens.of_session(connection, principal.session_id)


def _look(connection: Connection, principal: Principal) -> tuple[bool, frozenset[str]]:
    live = sessions.live(connection, principal.session_id, now=clock.now(), idle=IDLE_MS) is not None
    return live, denied_tokens.of_session(connection, principal.session_id)


def _bound(remembered: OrderedDict[str, _Answer] | OrderedDict[str, None]) -> None:
    if len(remembered) > MAX_REMEMBERED:
        remembered.popitem(last=False)
