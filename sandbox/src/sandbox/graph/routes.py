"""The table of what Graph answers here: method, path, scopes, operation. What isn't in it is refused."""

import dataclasses
import re
from collections.abc import Callable

from sandbox.graph import delta, error, folders, messages, person, scope
from sandbox.graph.desk import Desk
from sandbox.graph.exchange import Answer, Call

Operation = Callable[[Desk, Call], Answer]


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. `name` is method and path template, as the request log and the fault rules write it."""

    method: str
    template: str
    scopes: frozenset[str]
    operation: Operation

    @property
    def name(self) -> str:
        """Method and path template."""
        return f"{self.method} {self.template}"


FOLDER = "/me/mailFolders/{folder}"
ROUTES = (
    Route("GET", "/me", scope.PERSON, person.me),
    Route("GET", "/me/mailboxSettings", scope.SETTINGS, person.mailbox_settings),
    Route("GET", "/me/mailFolders", scope.READING, folders.list_top),
    Route("POST", "/me/mailFolders", scope.WRITING, folders.create_top),
    Route("GET", FOLDER, scope.READING, folders.show),
    Route("GET", f"{FOLDER}/childFolders", scope.READING, folders.list_children),
    Route("POST", f"{FOLDER}/childFolders", scope.WRITING, folders.create_child),
    Route("GET", f"{FOLDER}/messages", scope.READING, messages.list_page),
    Route("GET", f"{FOLDER}/messages/delta", scope.READING, delta.page),
    Route("GET", "/me/messages/{message}", scope.READING, messages.show),
    Route("POST", "/me/messages/{message}/move", scope.WRITING, messages.move),
)


def _pattern(template: str) -> re.Pattern[str]:
    """A template as a pattern. The fixed parts may be in any letter case, as in Graph; a name may be an OData key."""
    pattern = re.sub(r"/\{(\w+)\}", r"(?:/(?P<\1>[^/()']+)|\\('(?P<\1_key>[^/()']+)'\\))", template)
    pattern = pattern.replace("/delta", r"/(?:microsoft\.graph\.)?delta(?:\(\))?")
    return re.compile(pattern, re.IGNORECASE)


PATTERNS = tuple((_pattern(route.template), route) for route in ROUTES)


def match(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a call and the names in its path; GraphError 404 or 405 when there is none."""
    found = [(route, one.groupdict()) for pattern, route in PATTERNS if (one := pattern.fullmatch(path))]
    if not found:
        raise error.GraphError(404, "ResourceNotFound", "Resource not found for the segment.")
    for route, groups in found:
        if route.method == method:
            return route, {name.removesuffix("_key"): value for name, value in groups.items() if value is not None}
    raise error.GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
