"""Serves the page. Its files are read once, when the application is built."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import APIRouter, Response

_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8"}


def router() -> APIRouter:
    """GET / and the style sheet."""
    routes = APIRouter(include_in_schema=False)
    for path, name in (("/", "index.html"), ("/static/style.css", "style.css")):
        routes.add_api_route(path, _page(name), methods=["GET"], response_class=Response)
    return routes


def _page(name: str) -> Callable[[], Awaitable[Response]]:
    content = (files("gateway.web") / name).read_bytes()
    media_type = _TYPES[name.rpartition(".")[2]]

    async def page() -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return page
