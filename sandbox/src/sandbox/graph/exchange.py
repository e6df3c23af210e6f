"""One Graph operation's question and answer, the same for a plain request and for an item of a $batch."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sandbox.account import Account

IMMUTABLE_PREFERENCE = 'IdType="ImmutableId"'


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A question. `path` is percent-decoded and starts after /v1.0. `query` holds OData options by name with dollar.

    `headers` are by lower-case name. `body` is decoded JSON, or None when there was none. `account` and `scopes` are
    what the access token proves.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    base_url: str
    connection: "Connection"
    account: Account
    scopes: frozenset[str]
    route: str = ""
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def mailbox(self) -> str:
        """The mailbox that the token opens."""
        return self.account.oid

    @property
    def immutable(self) -> bool:
        """Whether ids are wanted that outlive a move."""
        return any(one.strip() == IMMUTABLE_PREFERENCE for one in self.preferences)

    @property
    def preferences(self) -> list[str]:
        """The Prefer header's preferences."""
        return [one.strip() for one in self.headers.get("prefer", "").replace(";", ",").split(",") if one.strip()]


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer: HTTP status, extra headers, and a JSON value (None for an empty body)."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class Connection:
    """What the sandbox knows of one TCP connection: its number and how many moves it asked for."""

    number: int
    moves: int = 0


class ConnectionCut(Exception):
    """The connection ends here, without a word: the caller can't know what was done."""


class Garbled(Exception):
    """The answer is to be no JSON."""
