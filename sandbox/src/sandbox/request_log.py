"""What clients sent, so that a test can judge it: method, path template, options, headers of interest, status.

Never holds a body, a token, an id or any text of a message: names in the path are replaced by the template's.
"""

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

KEPT = 200_000  # entries; the newest stay
HEADERS = ("prefer", "content-type", "accept", "accept-encoding", "user-agent", "client-request-id")
OPTIONS = (
    "$select",
    "$top",
    "$orderby",
    "$expand",
    "$filter",
    "$search",
    "$count",
    "includeHiddenFolders",
    "grant_type",
)
TOKENS = ("$skiptoken", "$deltatoken")


@dataclasses.dataclass(frozen=True, slots=True)
class Logged:
    """One call. `batch` numbers the $batch that carried it, None for a plain request; `running`: how many at work."""

    method: str
    route: str
    options: Mapping[str, str]
    headers: Mapping[str, str]
    status: int
    connection: int
    batch: int | None
    running: int


class RequestLog:
    """The newest calls in the order they were answered."""

    def __init__(self) -> None:
        self._entries: collections.deque[Logged] = collections.deque(maxlen=KEPT)
        self.batches = 0

    def add(self, entry: Logged) -> None:
        """Keep a call."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forget all calls."""
        self._entries.clear()

    def documents(self) -> list[dict[str, Any]]:
        """All calls as JSON."""
        return [dataclasses.asdict(entry) for entry in self._entries]


def options_of(query: Mapping[str, str]) -> dict[str, str]:
    """The options worth keeping; page tokens by name only."""
    kept = {name: query[name] for name in OPTIONS if name in query}
    return kept | {name: "given" for name in TOKENS if name in query}


def headers_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth keeping, by lower-case name."""
    return {name: headers[name] for name in HEADERS if name in headers}
