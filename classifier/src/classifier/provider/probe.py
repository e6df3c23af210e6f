"""Asks the endpoint once at start, without any mail, whether it is there and keeps to the schema. Holds nothing up.

One that is not there is asked again now and then. What it said is never part of what is known of it.
"""

import asyncio
import time
from typing import Final

from chassis import logs
from classifier.provider.answer import Abstained, Reply
from classifier.provider.breaker import Breaker
from classifier.provider.endpoint import Endpoint
from classifier.provider.failure import AskFailed
from classifier.provider.prompt import probe
from classifier.provider.state import State
from classifier.provider.template import Template

PAUSE: Final = 60.0  # seconds between two looks at an endpoint that is not there
_log = logs.get("classifier.provider")


class Probe:
    """What is known of the endpoint."""

    def __init__(self, endpoint: Endpoint, template: Template, breaker: Breaker, seconds: float) -> None:
        self._endpoint = endpoint
        self._prompt = probe(template)
        self._breaker = breaker
        self._seconds = seconds
        self._seen = State.UNKNOWN

    def state(self) -> State:
        """As last seen; resting while the breaker is open."""
        return State.RESTING if self._breaker.rests(time.monotonic()) else self._seen

    async def run(self) -> None:
        """Until it answered."""
        while True:
            self._seen = await self._look()
            _log.info("provider.probed", state=self._seen.value)
            if self._seen is not State.UNREACHABLE:
                return
            await asyncio.sleep(PAUSE)

    async def _look(self) -> State:
        try:
            return _state(await self._endpoint.ask(self._prompt, self._seconds))
        except AskFailed:
            return State.UNREACHABLE


def _state(reply: Reply) -> State:
    if reply.answer is Abstained.GARBLED:
        return State.UNREACHABLE
    return State.UNENFORCED if isinstance(reply.answer, Abstained) else State.READY
