"""Progress as server-sent events: a snapshot whenever something changed, until the end.

An event's id is what distinguishes snapshots, so a client that comes back with Last-Event-ID misses nothing: the next
snapshot holds all that the missed ones said.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from typing import Final

from fastapi.responses import StreamingResponse

from gateway.api.model import Answer
from gateway.store.codes import FINAL_STATES, WorkState

LOOK_SECONDS: Final = 0.5  # between two looks at the database
KEEP_ALIVE_SECONDS: Final = 15.0  # a comment at least this often, or proxies cut the line
MOST_SECONDS: Final = 540.0  # under the life of an access token: a client comes back with a new one
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def stream(look: Callable[[], Awaitable[tuple[Answer, WorkState]]], seen: str | None) -> StreamingResponse:
    """Snapshots that look answers, as text/event-stream. seen: the Last-Event-ID that the client has."""
    return StreamingResponse(_events(look, seen), media_type="text/event-stream", headers=_HEADERS)


async def _events(look: Callable[[], Awaitable[tuple[Answer, WorkState]]], seen: str | None) -> AsyncIterator[str]:
    silent, spent = 0.0, 0.0
    while spent < MOST_SECONDS:
        snapshot, state = await look()
        text = snapshot.model_dump_json()
        name = sha256(text.encode()).hexdigest()[:16]
        if name != seen:
            seen, silent = name, 0.0
            yield f"id: {name}\nevent: progress\ndata: {text}\n\n"
        elif silent >= KEEP_ALIVE_SECONDS:
            silent = 0.0
            yield ": still here\n\n"
        if state in FINAL_STATES:
            return
        await asyncio.sleep(LOOK_SECONDS)
        silent, spent = silent + LOOK_SECONDS, spent + LOOK_SECONDS
