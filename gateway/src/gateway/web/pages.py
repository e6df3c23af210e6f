"""Serves the page. Its files are read once, when the application is built, and compressed once, when first asked for.

A browser asks again each time whether it still has the newest (no-cache, ETag), so that an updated gateway never runs
with half of an old page.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from chassis.errors import NotFound
from gateway.web.asset import Asset, below

SHELL: Final = "index.html"


def router() -> APIRouter:
    """GET / and the files below /static."""
    routes = APIRouter(include_in_schema=False)
    assets = {asset.path: asset for asset in below(files("gateway.web"))}
    shell = assets.pop(SHELL)

    @routes.get("/", response_class=Response)
    async def page(request: Request) -> Response:
        """The shell, which is small and goes as it is; everything in it is fetched by its script.

        Compressed text with a secret beside a caller's words gives the secret away by its length (BREACH).
        """
        return _answer(request, shell, "")

    @routes.get("/static/{path:path}", response_class=Response)
    async def static(path: str, request: Request) -> Response:
        """A file of the page, looked up among those that there are: no path of a caller reaches a file system."""
        if path not in assets:
            raise NotFound
        return _answer(request, assets[path], request.headers.get("accept-encoding", ""))

    return routes


def _answer(request: Request, asset: Asset, accepted: str) -> Response:
    headers = {"Cache-Control": "no-cache", "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if has(request.headers.get("if-none-match", ""), asset.etag):
        return Response(status_code=304, headers=headers)
    coding = best(accepted, asset.codings)
    if coding is None:
        return Response(asset.content, media_type=asset.media_type, headers=headers)
    headers["Content-Encoding"] = coding
    return Response(asset.codings[coding], media_type=asset.media_type, headers=headers)


def has(if_none_match: str, etag: str) -> bool:
    """Whether the browser has it already (RFC 9110, 13.1.2: compared weakly)."""
    return any(one.strip().removeprefix("W/") == etag for one in if_none_match.split(","))


def best(accept_encoding: str, codings: Iterable[str]) -> str | None:
    """The first of our codings that is accepted with a weight above nothing; None: as it is."""
    accepted = {}
    for one in accept_encoding.lower().split(","):
        name, _, weight = one.partition(";")
        accepted[name.strip()] = weight.replace(" ", "").rstrip("0.") != "q="
    return next((coding for coding in codings if accepted.get(coding)), None)
