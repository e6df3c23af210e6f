"""The delta query of one folder's messages.

Guarantees what Graph's does: a first round that lists the folder, then rounds that tell each change since, departures
as @removed; nothing is missed, and an entry may be told twice. A token of another mailbox, another database or another
folder is 410: start over.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sandbox.faults import Fault
from sandbox.graph import error, folders, link, messages, query
from sandbox.graph.desk import Desk
from sandbox.graph.exchange import Answer, Call
from sandbox.graph.message import SELECTABLE
from sandbox.store import Change, FolderRow, MessageRow

OPTIONS = ("$select", "$expand", "$top", "$orderby", "$skiptoken", "$deltatoken")
FIRST, LATER = "first", "later"

Position = dict[str, Any]


def page(desk: Desk, call: Call) -> Answer:
    """GET /me/mailFolders/{folder}/messages/delta."""
    folder = folders.find(desk, call, call.names["folder"])
    asked = query.parse(call, SELECTABLE, OPTIONS)
    position = _position(desk, call, folder, asked)
    size = _size(call, position)
    if position["round"] == FIRST:
        entries, onward = _first_round(desk, folder, position, size)
    else:
        entries, onward = _later_round(desk, call, folder, position, size)
    return Answer(200, _body(desk, call, _rendered(desk, call, entries, position), position, onward))


def _position(desk: Desk, call: Call, folder: FolderRow, asked: query.Query) -> Position:
    if asked.token is None:
        start = {"round": FIRST, "folder": folder.id, "mailbox": call.mailbox, "top": asked.top}
        return start | {"select": asked.select, "named": asked.named, "after": None, "until": desk.store.change}
    position = desk.seal.position(asked.token)
    if position is None or not _fits(position, call, folder) or desk.faults.strikes(Fault.STALE_DELTA, call.route):
        raise error.sync_state_not_found(
            f"{call.base_url}/v1.0/me/mailFolders('{quote(call.names['folder'], safe='=')}')/messages/delta"
        )
    if position["round"] == LATER and position["until"] is None:
        return position | {"until": desk.store.change}
    return position


def _fits(position: Position, call: Call, folder: FolderRow) -> bool:
    return position.get("folder") == folder.id and position.get("mailbox") == call.mailbox


def _size(call: Call, position: Position) -> int:
    return query.top(call, position["top"])


Onward = Position | None  # where the round goes on, None at its end


def _first_round(desk: Desk, folder: FolderRow, position: Position, size: int) -> tuple[list[Change], Onward]:
    after = position["after"] and tuple(position["after"])
    found = desk.store.page(folder.id, after, size + 1)
    entries = [Change(row.changed, row) for row in found[:size]]
    if len(found) <= size:
        return entries, None
    last = found[size - 1]
    return entries, position | {"after": [last.received, last.number]}


def _later_round(
    desk: Desk, call: Call, folder: FolderRow, position: Position, size: int
) -> tuple[list[Change], Onward]:
    span = (position["after"], position["until"])
    found = desk.store.changes(folder.id, span, size + 1, immutable=call.immutable)
    if len(found) <= size:
        return found, None
    return found[:size], position | {"after": found[size - 1].number}


def _rendered(desk: Desk, call: Call, entries: Sequence[Change], position: Position) -> list[dict[str, Any]]:
    seen = messages.view(desk, call, position["select"], position["named"])
    value = [
        {"@odata.type": "#microsoft.graph.message", **seen.document(one.entry)}
        if isinstance(one.entry, MessageRow)
        else seen.removed(one.entry)
        for one in entries
    ]
    if value and desk.faults.strikes(Fault.DUPLICATE_DELTA_ENTRY, call.route):
        value.append(value[0])
    return value


def _body(desk: Desk, call: Call, value: list[dict[str, Any]], position: Position, onward: Onward) -> dict[str, Any]:
    body = {"@odata.context": f"{call.base_url}/v1.0/$metadata#Collection(message)", "value": value}
    if onward is None:
        onward = position | {"round": LATER, "after": position["until"], "until": None}
        return body | {"@odata.deltaLink": _link(desk, call, "$deltatoken", onward)}
    if desk.faults.strikes(Fault.PAGINATION_LOOP, call.route):
        onward = position
    return body | {"@odata.nextLink": messages.foreign(desk, call) or _link(desk, call, "$skiptoken", onward)}


def _link(desk: Desk, call: Call, option: str, position: Position) -> str:
    return link.delta_link(call.base_url, call.names["folder"], option, desk.seal.token(position))
