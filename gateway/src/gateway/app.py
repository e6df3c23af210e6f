"""The routes, put together. What every request crosses is in edge; what is decided is in organise."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, FastAPI

from gateway.api import (
    access,
    activity,
    api_keys,
    consents,
    corrections,
    csp_reports,
    decisions,
    description,
    failures,
    folders,
    inspect,
    keeping,
    learned,
    mailbox_settings,
    mailboxes,
    me,
    moves,
    objects,
    problem_pages,
    proposals,
    protections,
    quota,
    rules,
    scans,
    session,
    sessions,
    starter_folders,
    status,
    sub_processors,
    trials,
    well_known,
)
from gateway.api.csp_reports import Violations
from gateway.api.cursor import Cursors
from gateway.api.fast import FastRoute
from gateway.disclosure import Disclosure
from gateway.edge import problems
from gateway.health import Health
from gateway.identity.api_keys import ApiKeys
from gateway.identity.revocation import SignOut
from gateway.identity.sessions import Sessions
from gateway.identity.sign_in import SignIns
from gateway.mode import Mode
from gateway.organise.context import Context
from gateway.organise.inspector import Inspector
from gateway.processors.register import Entry
from gateway.rights.disconnection import Disconnections
from gateway.rights.erasure import Erasures
from gateway.rights.retention import Periods
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
    sign_out: SignOut
    api_keys: ApiKeys
    erasures: Erasures
    disconnections: Disconnections
    inspector: Inspector
    violations: Violations
    periods: Periods
    mode: Mode
    public_url: str
    disclosure: Disclosure | None
    sub_processors: tuple[Entry, ...]


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
    routers, fast = _routers(parts), fast_routes(parts)
    objects.refuse_unowned(routers)
    for router in routers:
        app.include_router(router)
    problems.install(app, before=fast)
    failures.install(app)
    description.describe(app, fast)
    return app


def fast_routes(parts: Parts) -> list[FastRoute]:
    """The routes that are served before FastAPI's."""
    return [session.who(), inspect.route(parts.inspector)]


def _routers(parts: Parts) -> list[APIRouter]:
    nouns = [
        mailbox_settings.router,
        folders.router,
        trials.router,
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
        activity.router,
        status.router,
    ]
    identity = [
        session.router(parts.sign_ins, parts.sessions),
        sessions.router(parts.sign_out),
        consents.router(parts.sign_ins),
    ]
    public = [well_known.router(parts.disclosure, parts.public_url, now=datetime.now(UTC)), problem_pages.router]
    public.append(sub_processors.router(parts.sub_processors))
    own = [api_keys.router(parts.api_keys), me.router(parts.erasures, parts.periods)]
    browsers = [pages.router(), csp_reports.router(parts.violations)]
    return [*identity, *own, mailboxes.router(parts.disconnections), *nouns, *public, *browsers]
