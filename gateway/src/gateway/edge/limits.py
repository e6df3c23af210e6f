"""Every rate limit there is, on one screen: which kind of request is counted by whom, and how often it may come.

Guarantees: every request is of exactly one route class, every class has a limit; what takes back (undo, cancel,
delete, sign-out, erase) is limited by nothing but a generous cap of its own, so that no other use of the service can
keep anybody from it. Pure. The limits of a subscription (scans a month) are not here but in the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.edge.bucket import Policy
from gateway.edge.headers import is_api
from gateway.edge.tokens import PATHS, is_open

WINDOW_S: Final = 60


class By(StrEnum):
    """Whose requests are counted together."""

    __hash__ = str.__hash__  # Enum's is written in Python, and these are keys on every request

    ADDRESS = auto()  # a network address, for IPv6 its /64
    PERSON = auto()
    KEY = auto()  # an API key; whoever comes without one is not counted by it


class RouteClass(StrEnum):
    """What a request is for."""

    __hash__ = str.__hash__

    SESSION = auto()  # open routes of the API: signing in
    PAGES = auto()  # everything outside of the API
    READS = auto()  # what is in no other class
    WORK = auto()  # starts a scan or a run of moves, or tries a description
    BACK = auto()  # takes something back, or ends it


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit: the field of Limits with its policy, and whose requests it counts."""

    name: str
    by: By


TABLE: Final[Mapping[RouteClass, tuple[Rule, ...]]] = {
    RouteClass.SESSION: (Rule("session", By.ADDRESS),),
    RouteClass.PAGES: (Rule("pages", By.ADDRESS),),
    RouteClass.READS: (Rule("address", By.ADDRESS), Rule("person", By.PERSON), Rule("key", By.KEY)),
    RouteClass.WORK: (
        Rule("address", By.ADDRESS),
        Rule("person", By.PERSON),
        Rule("key", By.KEY),
        Rule("work", By.PERSON),
    ),
    RouteClass.BACK: (Rule("back", By.PERSON),),
}
FAILURES: Final = Rule("failures", By.ADDRESS)  # refused access tokens, whatever the route

# With Redis gone every replica grants its part of a limit, and of these half of it: here somebody may be guessing.
AUTHENTICATION: Final = frozenset({"session", "failures"})

_WORK: Final = ("/scans", "/moves", "/trial")
_BACK: Final = ("/undo", "/cancel", "/pause")


class Limits(NamedTuple):
    """Requests a minute. Chosen for a household behind one address; an organisation behind one raises those of it."""

    session: Policy = Policy("session", 30, WINDOW_S)  # a sign-in takes three
    failures: Policy = Policy("failures", 30, WINDOW_S)
    pages: Policy = Policy("pages", 600, WINDOW_S)
    address: Policy = Policy("address", 3000, WINDOW_S)
    person: Policy = Policy("person", 600, WINDOW_S)
    key: Policy = Policy("key", 300, WINDOW_S)  # half of its person's: a program gone wild leaves them the other half
    work: Policy = Policy("work", 60, WINDOW_S)
    back: Policy = Policy("back", 120, WINDOW_S)

    def of(self, rule: Rule) -> Policy:
        """The rule's policy."""
        policy: Policy = getattr(self, rule.name)
        return policy


@lru_cache(PATHS)
def route_class(method: str, path: str) -> RouteClass:
    """What a request is for, from its method and path alone: it is asked before any route is known."""
    if is_open(method, path):
        return RouteClass.SESSION if is_api(path) else RouteClass.PAGES
    if method == "DELETE" or path.endswith(_BACK):
        return RouteClass.BACK
    return RouteClass.WORK if method == "POST" and path.endswith(_WORK) else RouteClass.READS
