"""Whose is what an id in a path names: the one table of object-level authorisation, and that nothing is beside it.

Guarantees: a route whose path names something that is not in the table, or names a mailbox without asking whose it is,
stops the start. Every look-up goes by owner and id together, so another's is as absent as what isn't there;
tests/e2e/test_api.py tries each route with another person's ids.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.api.context import owned_mailbox

OWNER: Final = {  # what a path's parameter names -> what it is looked up in, and with it refused to everybody else
    "mailbox_id": "the person of the access token",
    "key_id": "the person of the access token",
    "session_id": "the person of the access token",
    "folder_id": "the mailbox",
    "scan_id": "the mailbox",
    "decision_id": "the scan, or the mailbox",
    "correction_id": "the mailbox",
    "rule_id": "the mailbox",
    "proposal_id": "the mailbox",
    "protection_id": "the mailbox",
    "run_id": "the mailbox",
}
PUBLIC: Final = frozenset({"code", "path"})  # name nothing of anybody: a problem, a file of the page


class Unowned(Exception):
    """A route that names something and doesn't say whose: add it to OWNER, and ask for the Mailbox."""


def refuse_unowned(routers: Iterable[APIRouter]) -> None:
    """Raises Unowned for the first route that isn't covered. An application itself doesn't list what it includes."""
    for route in chain.from_iterable(router.routes for router in routers):
        if isinstance(route, APIRoute):
            _refuse(route)


def _refuse(route: APIRoute) -> None:
    named = frozenset(route.param_convertors) - PUBLIC
    if unknown := named - frozenset(OWNER):
        raise Unowned(f"{route.path} names {', '.join(sorted(unknown))}, which has no owner in OWNER")
    if "mailbox_id" in named and owned_mailbox not in _asked(route.dependant.dependencies):
        raise Unowned(f"{route.path} names a mailbox and doesn't ask whose it is")


def _asked(dependencies: Iterable[Dependant]) -> Iterator[object]:
    for dependency in dependencies:
        yield dependency.call
        yield from _asked(dependency.dependencies)
