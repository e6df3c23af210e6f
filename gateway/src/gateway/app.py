"""The routes, put together. What every request crosses is in edge; what is decided is in organise."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, FastAPI

from gateway.api import (
    access,
    api_keys,
    corrections,
    decisions,
    description,
    failures,
    folders,
    keeping,
    learned,
    mailboxes,
    moves,
    objects,
    problem_pages,
    proposals,
    protections,
    quota,
    rules,
    scans,
    session,
    starter_folders,
    status,
    well_known,
)
from gateway.api.cursor import Cursors
from gateway.disclosure import Disclosure
from gateway.edge import problems
from gateway.health import Health
from gateway.identity.api_keys import ApiKeys
from gateway.identity.sessions import Sessions
from gateway.identity.sign_in import SignIns
from gateway.organise.context import Context
from gateway.web import pages
from gateway.work import Work


@dataclass(frozen=True, slots=True)
class Parts:
    """What main built and the routes need."""

    context: Context
    work: Work
    cursors: Cursors
    health: Health
    sign_ins: SignIns
    sessions: Sessions
    api_keys: ApiKeys
    mode: str
    public_url: str
    disclosure: Disclosure | None


def build(parts: Parts) -> FastAPI:
    """The application inside of the edge's layers. No documentation pages: they would share the page's origin."""
    app = FastAPI(
        title="Mail Organiser",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(access.permitted)],
    )
    for name in ("context", "work", "cursors", "health", "mode"):
        setattr(app.state, name, getattr(parts, name))
    routers = _routers(parts)
    objects.refuse_unowned(routers)
    for router in routers:
        app.include_router(router)
    problems.install(app)
    failures.install(app)
    description.describe(app)
    return app


def _routers(parts: Parts) -> list[APIRouter]:
    nouns = [
        mailboxes.router,
        folders.router,
        starter_folders.router,
        learned.router,
        scans.router,
        decisions.router,
        corrections.router,
        rules.router,
        proposals.router,
        protections.router,
        keeping.router,
        moves.router,
        quota.router,
        status.router,
    ]
    public = [well_known.router(parts.disclosure, parts.public_url, now=datetime.now(UTC)), problem_pages.router]
    made = [session.router(parts.sign_ins, parts.sessions), api_keys.router(parts.api_keys)]
    return [*made, *nouns, *public, pages.router()]
