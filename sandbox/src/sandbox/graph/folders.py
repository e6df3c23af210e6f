"""The mailFolder operations."""

from typing import Any

from sandbox.faults import Fault
from sandbox.graph import error, link, query
from sandbox.graph.desk import Desk
from sandbox.graph.exchange import Answer, Call
from sandbox.store import ROOT, FolderExists, FolderRow

PROPERTIES = (
    "id",
    "displayName",
    "parentFolderId",
    "childFolderCount",
    "unreadItemCount",
    "totalItemCount",
    "isHidden",
)
LIST_OPTIONS = ("$select", "$top", "$skiptoken", "includeHiddenFolders")
LONGEST_NAME = 255  # characters; Exchange's limit for a folder name
CONTEXT = "$metadata#users('me')/mailFolders"


def find(desk: Desk, call: Call, name_or_id: str) -> FolderRow:
    """A folder of the caller's mailbox by id or well-known name; GraphError 404 if there is none."""
    found = desk.store.folder(call.mailbox, name_or_id)
    if found is None or desk.faults.strikes(Fault.FOLDER_GONE, call.route):
        raise error.item_not_found()
    return found


def show(desk: Desk, call: Call) -> Answer:
    """GET /me/mailFolders/{folder}."""
    query.allow(call.query, ("$select",))
    return Answer(200, _document(desk, find(desk, call, call.names["folder"]), query.select(call, PROPERTIES)))


def list_top(desk: Desk, call: Call) -> Answer:
    """GET /me/mailFolders: the folders right under the root."""
    return _list(desk, call, find(desk, call, ROOT))


def list_children(desk: Desk, call: Call) -> Answer:
    """GET /me/mailFolders/{folder}/childFolders."""
    return _list(desk, call, find(desk, call, call.names["folder"]))


def _list(desk: Desk, call: Call, parent: FolderRow) -> Answer:
    asked = query.parse(call, PROPERTIES, LIST_OPTIONS)
    position = _position(desk, call, asked)
    found = desk.store.children(
        call.mailbox, parent.id, hidden=position["hidden"], offset=position["offset"], limit=position["top"] + 1
    )
    page = found[: position["top"]]
    body: dict[str, Any] = {"@odata.context": f"{call.base_url}/v1.0/{CONTEXT}"}
    body["value"] = [_document(desk, folder, position["select"]) for folder in page]
    if len(found) > len(page):
        token = desk.seal.token(position | {"offset": position["offset"] + len(page)})
        body["@odata.nextLink"] = link.list_link(call.base_url, call.path, token)
    return Answer(200, body)


def _position(desk: Desk, call: Call, asked: query.Query) -> dict[str, Any]:
    if asked.token is None:
        hidden = call.query.get("includeHiddenFolders", "false").casefold() == "true"
        return {"offset": 0, "top": asked.top, "hidden": hidden, "select": asked.select}
    position = desk.seal.position(asked.token)
    if position is None or "hidden" not in position:
        raise error.bad_request("The skip token is not valid.")
    return position


def create_top(desk: Desk, call: Call) -> Answer:
    """POST /me/mailFolders."""
    return _create(desk, call, find(desk, call, ROOT))


def create_child(desk: Desk, call: Call) -> Answer:
    """POST /me/mailFolders/{folder}/childFolders."""
    return _create(desk, call, find(desk, call, call.names["folder"]))


def _create(desk: Desk, call: Call, parent: FolderRow) -> Answer:
    query.allow(call.query, ("$select",))
    name, hidden = _wanted(call.body)
    try:
        made = desk.store.create_folder(call.mailbox, parent.id, name, hidden=hidden)
    except FolderExists:
        raise error.folder_exists() from None
    return Answer(201, _document(desk, made, query.select(call, PROPERTIES)))


def _wanted(body: Any) -> tuple[str, bool]:
    if not isinstance(body, dict) or set(body) - {"displayName", "isHidden", "@odata.type"}:
        raise error.bad_request("A mailFolder to create has displayName and isHidden only.")
    name, hidden = body.get("displayName"), body.get("isHidden", False)
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME or not isinstance(hidden, bool):
        raise error.bad_request("displayName must be text of 1 to 255 characters, isHidden true or false.")
    return name, hidden


def _document(desk: Desk, folder: FolderRow, select: tuple[str, ...] | None) -> dict[str, Any]:
    counts = desk.store.counts(folder.id)
    whole = {
        "id": folder.id,
        "displayName": folder.name,
        "parentFolderId": folder.parent_id or folder.id,
        "childFolderCount": counts.children,
        "unreadItemCount": counts.unread,
        "totalItemCount": counts.messages,
        "isHidden": folder.hidden,
    }
    return {name: value for name, value in whole.items() if select is None or name in select or name == "id"}
