"""The control API, for tests and `make run`: switch faults on, look at the mailboxes, act as their owners or the world.

Every request carries the control token; nothing here is part of what Microsoft offers, and no client of ours may use it
for its work.
"""

import dataclasses
import datetime as dt
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import canary, faults, seed
from sandbox.account import Account
from sandbox.faults import FaultSwitch
from sandbox.request_log import RequestLog
from sandbox.seed_message import SeedMessage, SeedRecipient
from sandbox.store import MessageRow, Store


class Misuse(Exception):
    """A control request that can't be meant so; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Control:
    """What the control API works on."""

    token: str
    store: Store
    switch: FaultSwitch
    log: RequestLog
    accounts: dict[str, Account]

    def account(self, principal: object) -> Account:
        """The account of a principal; the first one for None."""
        found = [one for one in self.accounts.values() if principal in (None, one.principal)]
        if not found:
            raise Misuse("no such user in the settings")
        return found[0]


Operation = Callable[[Control, Any], Any]


def routes(control: Control) -> list[Route]:
    """The routes under /control."""
    table: list[tuple[str, str, Operation]] = [
        ("GET", "/control/faults", show_faults),
        ("POST", "/control/faults", set_faults),
        ("GET", "/control/state", show_state),
        ("GET", "/control/canaries", show_canaries),
        ("GET", "/control/requests", show_requests),
        ("DELETE", "/control/requests", clear_requests),
        ("POST", "/control/messages", deliver),
        ("POST", "/control/moves", move_as_owner),
    ]
    return [Route(path, _endpoint(control, operation), methods=[method]) for method, path, operation in table]


def _endpoint(control: Control, operation: Operation) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def handle(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {control.token}".encode()):
            return JSONResponse({"error": "the control token is missing or wrong"}, 401)
        try:
            answer = json.dumps(operation(control, await _document(request)))  # ASCII: lone surrogates pass as escapes
            return Response(answer, media_type="application/json")
        except (Misuse, faults.InvalidFault) as misuse:
            return JSONResponse({"error": str(misuse)}, 400)

    return handle


async def _document(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise Misuse("the body is no JSON") from None


def show_faults(control: Control, document: Any) -> Any:  # noqa: ARG001  # every operation has this shape
    """{"seed": int, "faults": [rule + {"struck": int}]}."""
    plan = control.switch.plan
    rules = [dataclasses.asdict(rule) | {"struck": plan.struck[place]} for place, rule in enumerate(plan.rules)]
    return {"seed": plan.seed, "faults": rules}


def set_faults(control: Control, document: Any) -> Any:
    """Put the plan {"seed", "faults": [...]} in force in place of the one before; {"faults": []} ends all."""
    control.switch.plan = faults.plan(document)
    return show_faults(control, None)


def show_state(control: Control, document: Any) -> Any:  # noqa: ARG001  # every operation has this shape
    """Where every message is and how often a client moved it, and all folders."""
    principals = {account.oid: account.principal for account in control.accounts.values()}
    messages = [_message(row, principals) for row in control.store.all_messages()]
    folders = [
        {"id": row.id, "name": row.name, "parent_id": row.parent_id, "well_known": row.well_known}
        | {"user": principals.get(row.mailbox)}
        for row in control.store.all_folders()
    ]
    return {"messages": messages, "folders": folders}


def _message(row: MessageRow, principals: dict[str, str]) -> dict[str, Any]:
    ids = {"immutable_id": row.immutable_id, "id": row.id, "folder_id": row.folder_id}
    return ids | {"moves": row.moves, "user": principals.get(row.mailbox)}


def show_canaries(control: Control, document: Any) -> Any:  # noqa: ARG001  # every operation has this shape
    """{"stem", "canaries": {immutable id: {field: canary}}, "mailbox": {field: canary}}; each canary holds the stem."""
    made = control.store.canaries
    by_message = {
        row.immutable_id: {field: made.of(field, row.number) for field in canary.FIELDS}
        for row in control.store.all_messages()
    }
    mailbox = {field: made.of(field, 0) for field in canary.MAILBOX_FIELDS}
    return {"stem": made.stem, "canaries": by_message, "mailbox": mailbox}


def show_requests(control: Control, document: Any) -> Any:  # noqa: ARG001  # every operation has this shape
    """{"requests": [...]}, in the order they were answered."""
    return {"requests": control.log.documents()}


def clear_requests(control: Control, document: Any) -> Any:
    """Forget the requests so far."""
    control.log.clear()
    return show_requests(control, document)


def deliver(control: Control, document: Any) -> Any:
    """New mail: {"user"?, "messages": [SeedMessage as JSON]} -> {"immutable_ids": [...]}."""
    if not isinstance(document, dict) or not isinstance(document.get("messages"), list):
        raise Misuse("'messages' is a list of messages to deliver")
    mailbox = control.account(document.get("user")).oid
    try:
        messages = [_seed_message(one) for one in document["messages"]]
    except (TypeError, ValueError, AttributeError, KeyError):
        raise Misuse(
            "a message has subject, sender_name, sender_address, received_at and SeedMessage's other fields"
        ) from None
    return {"immutable_ids": seed.load(control.store, messages, mailbox)}


def _seed_message(document: dict[str, Any]) -> SeedMessage:
    received = dt.datetime.fromisoformat(document.pop("received_at"))
    recipients = tuple(SeedRecipient(**one) for one in document.pop("recipients", []))
    return SeedMessage(folder=document.pop("folder", None), received_at=received, recipients=recipients, **document)


def move_as_owner(control: Control, document: Any) -> Any:
    """The owner acts in Outlook: {"user"?, "moves": [{"id", "destination": folder, null to delete}]}; not counted."""
    if not isinstance(document, dict) or not isinstance(document.get("moves"), list):
        raise Misuse("'moves' is a list of {id, destination}")
    mailbox = control.account(document.get("user")).oid
    for one in document["moves"]:
        _move_as_owner(control.store, mailbox, one)
    return {"moved": len(document["moves"])}


def _move_as_owner(store: Store, mailbox: str, document: Any) -> None:
    if not isinstance(document, dict):
        raise Misuse("a move is {id, destination}")
    row = store.message(mailbox, str(document.get("id")))
    if row is None:
        raise Misuse("no such message in this mailbox")
    if document.get("destination") is None:
        store.delete(row)
        return
    folder = store.folder(mailbox, str(document["destination"]))
    if folder is None:
        raise Misuse("no such folder in this mailbox")
    store.move(row, folder.id, counted=False)
