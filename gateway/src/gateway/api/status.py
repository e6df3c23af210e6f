"""Whether it works, for people and for orchestrators. No sign-in: it says nothing about anyone."""

import asyncio

from fastapi import APIRouter, Request, Response

from gateway.api.model import Answer
from gateway.health import Health
from gateway.mode import Mode

router = APIRouter(tags=["status"])


class StatusAnswer(Answer):
    """mode: sandbox is practice, with no mail of anybody. parts names what was asked and whether it answered well.

    provider is how the AI provider is: off, ready, unenforced, unreachable, resting or unknown. Scans go on without it.
    """

    mode: Mode
    ready: bool
    parts: dict[str, bool]
    provider: str


@router.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "alive"}


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request, response: Response) -> StatusAnswer:
    """The process could do its work now; 503 when not."""
    answer = await status(request)
    response.status_code = 200 if answer.ready else 503
    return answer


@router.get("/api/v1/status", operation_id="get_status")
async def status(request: Request) -> StatusAnswer:
    """What works."""
    health: Health = request.app.state.health
    parts, provider = await asyncio.gather(health.report(), health.provider())
    return StatusAnswer(mode=request.app.state.mode, ready=all(parts.values()), parts=parts, provider=provider)
