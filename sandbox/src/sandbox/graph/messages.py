"""The message operations: list, get, move."""

from collections.abc import Sequence
from typing import Any

from sandbox.faults import Fault
from sandbox.graph import error, folders, link, query, scope
from sandbox.graph.desk import Desk
from sandbox.graph.exchange import Answer, Call, ConnectionCut
from sandbox.graph.message import SELECTABLE, View, attachments
from sandbox.store import MessageRow

LIST_OPTIONS = ("$select", "$expand", "$top", "$orderby", "$skiptoken")


def view(desk: Desk, call: Call, select: tuple[str, ...] | None, named: Sequence[str] = ()) -> View:
    """How this caller sees messages."""
    return View(desk.store, select, call.immutable, scope.sees_content(call), tuple(named))


def list_page(desk: Desk, call: Call) -> Answer:
    """GET /me/mailFolders/{folder}/messages: newest first."""
    folder = folders.find(desk, call, call.names["folder"])
    asked = query.parse(call, SELECTABLE, LIST_OPTIONS)
    position = _position(desk, asked)
    found = desk.store.page(folder.id, position["after"] and tuple(position["after"]), position["top"] + 1)
    page = found[: position["top"]]
    seen = view(desk, call, position["select"], position["named"])
    body: dict[str, Any] = {
        "@odata.context": f"{call.base_url}/v1.0/$metadata#users('me')/mailFolders('inbox')/messages"
    }
    body["value"] = [seen.document(row) for row in page]
    if len(found) > len(page):
        body["@odata.nextLink"] = _next_link(desk, call, position, page[-1])
    return Answer(200, body)


def _position(desk: Desk, asked: query.Query) -> dict[str, Any]:
    if asked.token is None:
        return {"after": None, "top": asked.top, "select": asked.select, "named": asked.named}
    position = desk.seal.position(asked.token)
    if position is None or "after" not in position:
        raise error.bad_request("The skip token is not valid.")
    return position


def _next_link(desk: Desk, call: Call, position: dict[str, Any], last: MessageRow) -> str:
    if not desk.faults.strikes(Fault.PAGINATION_LOOP, call.route):
        position = position | {"after": [last.received, last.number]}
    return foreign(desk, call) or link.list_link(call.base_url, call.path, desk.seal.token(position))


def foreign(desk: Desk, call: Call) -> str | None:
    """A link to somewhere else, when a fault says so."""
    rule = desk.faults.strikes(Fault.FOREIGN_NEXT_LINK, call.route)
    return rule.link if rule else None


def find(desk: Desk, call: Call) -> MessageRow:
    """The message that the path names; GraphError 404 if this mailbox has none by that id (any more)."""
    found = desk.store.message(call.mailbox, call.names["message"])
    if found is None:
        raise error.item_not_found()
    return found


def show(desk: Desk, call: Call) -> Answer:
    """GET /me/messages/{message}."""
    query.allow(call.query, ("$select", "$expand"))
    row = find(desk, call)
    if call.query.get("$expand", "").partition("(")[0] != "attachments":
        return Answer(200, view(desk, call, query.select(call, SELECTABLE), query.named(call)).document(row))
    body = view(desk, call, query.select(call, SELECTABLE)).document(row)
    return Answer(200, body | {"attachments": _attachments(desk, call, row)})


def _attachments(desk: Desk, call: Call, row: MessageRow) -> list[dict[str, Any]]:
    scope.demand(call, scope.CONTENT)
    return attachments(row, desk.store.canaries)


def move(desk: Desk, call: Call) -> Answer:
    """POST /me/messages/{message}/move: the answer is the moved message, all of it unless $select says less.

    The steps are Graph's: (1) find both ends, (2) the connection's limit, (3) conflict, (4) move, (5) what can still go
    wrong afterwards.
    """
    query.allow(call.query, ("$select",))
    select = query.select(call, SELECTABLE)
    row, folder = find(desk, call), folders.find(desk, call, _destination(call.body))
    _count_move(desk, call)
    if desk.faults.strikes(Fault.CONFLICT, call.route):
        raise error.irresolvable_conflict()
    moved = desk.store.move(row, folder.id)
    _fail_afterwards(desk, call)
    if desk.faults.strikes(Fault.MOVE_IGNORES_SELECT, call.route):
        select = None
    return Answer(201, view(desk, call, select).document(moved))


def _destination(body: Any) -> str:
    if not isinstance(body, dict) or len(body) != 1:
        raise error.bad_request("The body of a move is {destinationId}.")
    ((name, value),) = body.items()
    if (
        name.casefold() != "destinationid" or not isinstance(value, str) or not value
    ):  # the metadata writes DestinationId
        raise error.bad_request("The body of a move is {destinationId}.")
    return value


def _count_move(desk: Desk, call: Call) -> None:
    call.connection.moves += 1
    rule = desk.faults.strikes(Fault.MOVE_COPY_FAILED, call.route)
    if rule and call.connection.moves == rule.moves:
        raise error.move_copy_failed()
    if rule and call.connection.moves > rule.moves:
        raise error.too_many_objects_opened()


def _fail_afterwards(desk: Desk, call: Call) -> None:
    if desk.faults.strikes(Fault.RESET_AFTER_MOVE, call.route):
        raise ConnectionCut
    if desk.faults.strikes(Fault.TIMEOUT_AFTER_MOVE, call.route):
        raise error.gateway_timeout()
