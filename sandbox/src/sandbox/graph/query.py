"""OData query options, parsed into a closed value.

Refuses what the sandbox doesn't model: an option that was silently ignored would let a client believe that it works.
"""

import dataclasses
import re
from collections.abc import Collection, Mapping

from sandbox.graph import error, scope
from sandbox.graph.exchange import Call

DEFAULT_PAGE = 10  # Graph: list messages
LARGEST_PAGE = 1000  # the same
NEWEST_FIRST = "receiveddatetime desc"
PAGE_SIZE_PREFERENCE = "odata.maxpagesize="
_NAMED = re.compile(r"singleValueExtendedProperties\(\$filter=(id eq '[^']+'(?: or id eq '[^']+')*)\)")
_GUID = re.compile(r"\{[0-9A-Fa-f-]{36}\}")


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """`select` is None for everything. `token` is the opaque position of a page, None for the first.

    `named` are ids of named properties to expand.
    """

    select: tuple[str, ...] | None
    named: tuple[str, ...]
    top: int
    token: str | None


def allow(query: Mapping[str, str], options: Collection[str]) -> None:
    """Refuse options that this route doesn't know."""
    if set(query) - set(options):
        raise error.bad_request(
            "The query specified in the URI is not valid: the sandbox does not serve this option here."
        )


def parse(call: Call, known: Collection[str], options: Collection[str], default_top: int = DEFAULT_PAGE) -> Query:
    """The options of a call: `known` may be selected, `options` are the names that the route allows."""
    allow(call.query, options)
    if call.query.get("$orderby", NEWEST_FIRST).casefold() != NEWEST_FIRST:
        raise error.bad_request("The restriction or sort order is too complex for this operation.")
    return Query(
        select(call, known),
        named(call),
        top(call, default_top),
        call.query.get("$skiptoken") or call.query.get("$deltatoken"),
    )


def select(call: Call, known: Collection[str]) -> tuple[str, ...] | None:
    """The properties asked for; None for all of them; GraphError for one that isn't in `known`."""
    raw = call.query.get("$select")
    if not raw:
        return None
    names = tuple(dict.fromkeys(one.strip() for one in raw.split(",")))
    if not set(names) <= set(known):
        raise error.bad_request("Could not find a property named so on this type; check $select.")
    return names


def named(call: Call) -> tuple[str, ...]:
    """Ids of the named properties that $expand asks for, as Graph writes them back: the set's GUID in lower case."""
    raw = call.query.get("$expand")
    if not raw:
        return ()
    found = _NAMED.fullmatch(raw)
    if found is None:
        raise error.bad_request("Parsing OData Select and Expand failed: named properties are expanded by id.")
    scope.demand(call, scope.CONTENT)
    ids = re.findall("'([^']+)'", found[1])
    return tuple(_GUID.sub(lambda guid: guid[0].lower(), one) for one in ids)


def top(call: Call, default: int) -> int:
    """The page size: $top, else the odata.maxpagesize preference, else `default`."""
    raw = call.query.get("$top") or page_size_preference(call)
    if raw is None:
        return default
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= LARGEST_PAGE:
        raise error.bad_request(
            "The limit of '1000' for Top query has been exceeded, or the value is not a positive number."
        )
    return int(raw)


def page_size_preference(call: Call) -> str | None:
    """The wanted page size as written, or None."""
    found = [one for one in call.preferences if one.startswith(PAGE_SIZE_PREFERENCE)]
    return found[0].removeprefix(PAGE_SIZE_PREFERENCE) if found else None
