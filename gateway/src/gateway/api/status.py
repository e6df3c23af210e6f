"""Whether it works, for people and for orchestrators. No sign-in: it says nothing about anyone."""

from fastapi import APIRouter, Request, Response

from gateway.api.model import Answer
from gateway.health import Health

router = APIRouter(tags=["status"])


class StatusAnswer(Answer):
    """mode is sandbox or production; parts names what was asked and whether it answered well."""

    mode: str
    ready: bool
    parts: dict[str, bool]


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
    parts = await health.report()
    return StatusAnswer(mode=request.app.state.mode, ready=all(parts.values()), parts=parts)
