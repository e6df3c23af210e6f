"""/problems/{code}: what the `type` of a problem leads to, for whoever follows it. Plain words, no request's data."""

from fastapi import APIRouter, Response

from chassis.errors import NotFound, family

router = APIRouter(include_in_schema=False)


@router.get("/problems/{code}")
async def problem_page(code: str) -> Response:
    """The error's title and what to do about it."""
    kind = {kind.code: kind for kind in family()}.get(code)
    if kind is None:
        raise NotFound("no error has this code")
    return Response(f"{kind.http_status} {kind.title}\n\n{kind.sentence}\n", media_type="text/plain; charset=utf-8")
