"""Truth 3: the AI can only choose, and what it chose waits for the owner.

What a classifier may answer is held by tests/gateway/organise/test_peers.py; here is what an answer can lead to.
"""

import ast
import inspect
import secrets
from dataclasses import fields
from importlib.resources import files
from typing import Any

import pytest
from starlette.routing import Route

from gateway import app
from gateway.graph.folder_maker import FolderMaker
from gateway.graph.mover import Mover
from gateway.graph.reader import Reader
from gateway.graph.transport import Transport
from mail_organiser.classifier.v1.classifier_pb2 import Amount, ClassifyResponse

# Every route there is. A new one is a decision, and is made here too.
ROUTES = {
    "POST /api/v1/me/erasure",
    "POST /csp-reports",
    "GET /api/v1/me/data",
    "GET /api/v1/me/export",
    "GET /api/v1/mailboxes/{mailbox_id}/activity",
    "GET /",
    "GET /.well-known/api-catalog",
    "GET /.well-known/security.txt",
    "GET /api/v1/api-keys",
    "GET /api/v1/mailboxes",
    "GET /api/v1/mailboxes/{mailbox_id}/corrections",
    "GET /api/v1/mailboxes/{mailbox_id}/folders",
    "GET /api/v1/mailboxes/{mailbox_id}/keeping",
    "GET /api/v1/mailboxes/{mailbox_id}/settings",
    "GET /api/v1/mailboxes/{mailbox_id}/learned",
    "GET /api/v1/mailboxes/{mailbox_id}/moves",
    "GET /api/v1/mailboxes/{mailbox_id}/moves/{run_id}",
    "GET /api/v1/mailboxes/{mailbox_id}/moves/{run_id}/entries",
    "GET /api/v1/mailboxes/{mailbox_id}/moves/{run_id}/events",
    "GET /api/v1/mailboxes/{mailbox_id}/proposals",
    "GET /api/v1/mailboxes/{mailbox_id}/protections",
    "GET /api/v1/mailboxes/{mailbox_id}/rules",
    "GET /api/v1/mailboxes/{mailbox_id}/scans",
    "GET /api/v1/mailboxes/{mailbox_id}/scans/estimate",
    "GET /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}",
    "GET /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/decisions",
    "GET /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/events",
    "GET /api/v1/openapi.json",
    "GET /api/v1/quota",
    "GET /api/v1/starter-folders",
    "GET /api/v1/status",
    "GET /api/v1/sub-processors",
    "GET /healthz",
    "GET /problems/{code}",
    "GET /readyz",
    "GET /static/{path:path}",
    "DELETE /api/v1/api-keys/{key_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/corrections/{correction_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/learned",
    "DELETE /api/v1/mailboxes/{mailbox_id}/learned/folders/{folder_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/learned/messages/{decision_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/protections/{protection_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/rules/{rule_id}",
    "DELETE /api/v1/session",
    "PATCH /api/v1/mailboxes/{mailbox_id}/folders/{folder_id}",
    "PATCH /api/v1/mailboxes/{mailbox_id}/keeping",
    "PATCH /api/v1/mailboxes/{mailbox_id}/rules/{rule_id}",
    "PATCH /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/decisions",
    "PATCH /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/decisions/{decision_id}",
    "POST /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/decisions/{decision_id}/alike",
    "POST /api/v1/api-keys",
    "POST /api/v1/mailboxes/{mailbox_id}/corrections",
    "POST /api/v1/mailboxes/{mailbox_id}/folders",
    "POST /api/v1/mailboxes/{mailbox_id}/folders/{folder_id}/trial",
    "POST /api/v1/mailboxes/{mailbox_id}/moves",
    "POST /api/v1/mailboxes/{mailbox_id}/moves/{run_id}/cancel",
    "POST /api/v1/mailboxes/{mailbox_id}/moves/{run_id}/pause",
    "POST /api/v1/mailboxes/{mailbox_id}/moves/{run_id}/resume",
    "POST /api/v1/mailboxes/{mailbox_id}/moves/{run_id}/undo",
    "POST /api/v1/mailboxes/{mailbox_id}/proposals/{proposal_id}/accept",
    "POST /api/v1/mailboxes/{mailbox_id}/proposals/{proposal_id}/dismiss",
    "POST /api/v1/mailboxes/{mailbox_id}/protections",
    "POST /api/v1/mailboxes/{mailbox_id}/rules",
    "POST /api/v1/mailboxes/{mailbox_id}/scans",
    "POST /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/cancel",
    "POST /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/pause",
    "POST /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/resume",
    "POST /api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/decisions/{decision_id}/release",
    "POST /api/v1/session/callback",
    "POST /api/v1/session/exchange",
    "POST /api/v1/session/refresh",
    "POST /api/v1/session/sign-in",
    "POST /api/v1/mailboxes",
    "POST /api/v1/mailboxes/{mailbox_id}/sign-in",
    "GET /api/v1/sessions",
    "DELETE /api/v1/sessions",
    "DELETE /api/v1/sessions/{session_id}",
}
OURS = {  # a session, a key, a correction, a rule, a protection, what was learned: no mail
    "DELETE /api/v1/api-keys/{key_id}",
    "DELETE /api/v1/session",
    "DELETE /api/v1/sessions",
    "DELETE /api/v1/sessions/{session_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/corrections/{correction_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/learned",
    "DELETE /api/v1/mailboxes/{mailbox_id}/learned/folders/{folder_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/learned/messages/{decision_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/protections/{protection_id}",
    "DELETE /api/v1/mailboxes/{mailbox_id}/rules/{rule_id}",
}
NEVER = ("delete", "send", "reply", "forward", "draft", "attachment", "body", "messagerule", "subscription")


def built() -> Any:
    """The application, without what its routes would need to answer."""
    parts: Any = dict.fromkeys(field.name for field in fields(app.Parts))
    return app.build(app.Parts(**parts))


def test_no_route_sends_or_deletes() -> None:
    """The whole list of routes: nothing sends, replies or forwards, and what can be deleted is ours: no mail."""
    found = {f"{method} {one.path}" for one in _routes(built()) for method in (one.methods or ()) if method != "HEAD"}
    assert found == ROUTES
    others = found - OURS
    assert not [route for route in others for verb in NEVER if verb in route.lower()]


def _routes(application: Any) -> list[Route]:
    return [one for one in _flat(application.routes) if isinstance(one, Route) or hasattr(one, "methods")]


def _flat(routes: Any) -> list[Any]:
    """Routes, those of included routers too, whichever way the framework keeps them."""
    found: list[Any] = []
    for one in routes:
        inner = getattr(one, "original_router", None)
        found += _flat(inner.routes) if inner is not None else [one]
    return found


def test_the_only_verb_is_move() -> None:
    """What may be done to mail: read its metadata, move it. Beside it: make an empty folder. No verb, path, URL."""
    assert _public(Mover) == {"move"}
    assert _public(FolderMaker) == {"make"}
    assert _public(Reader) == {
        *("first_page", "folders", "locate", "me", "messages", "page", "resumed", "time_zone", "written_to"),
    }
    assert _public(Transport) == {
        "get_folders",
        "get_me",
        "get_page",
        "get_sent",
        "get_settings",
        "pause",
        "post_folder",
        "post_moves",
        "post_reads",
    }


def _public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_every_write_to_graph_ends_in_move() -> None:
    """In the source: GET and POST alone. POST goes to $batch, whose only writing item is /move, or makes a folder."""
    texts = [text for text in _strings() if "\n" not in text]
    assert {text for text in texts if text in {"GET", "POST", "PATCH", "PUT", "DELETE"}} == {"GET", "POST"}
    writes = {text for text in texts if text.startswith("/me") or text.endswith("$batch")}
    assert "/$batch" in writes
    assert len([text for text in texts if text.startswith("/me/mailFolders?")]) == 1
    assert not [text for text in texts if any(f"/{verb}" in text.lower() for verb in (*NEVER, "copy", "createreply"))]
    assert len([text for text in texts if "/move?" in text]) == 1


def _strings() -> list[str]:
    """Every string constant of the graph package that is no docstring."""
    found: list[str] = []
    for module in files("gateway.graph").iterdir():
        if module.name.endswith(".py"):
            tree = ast.parse(module.read_text())
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
            found += [node.value for node in constants if isinstance(node.value, str)]
    return found


def test_an_answer_of_the_ai_has_no_room_for_words() -> None:
    """An index, a number and two closed codes for each message, and two counts: no room for text or a tool."""
    assert {name: field.type for name, field in ClassifyResponse.DESCRIPTOR.fields_by_name.items()} == {
        "folder": 17,  # sint32
        "confidence": 2,  # float
        "engine": 14,  # enum
        "reason": 14,
        "spent": 11,  # message
    }
    assert {field.type for field in Amount.DESCRIPTOR.fields} == {4}  # uint64


def test_bulk_approval_moves_moves_and_nothing_else(whole_run: Any) -> None:
    """Approve all: what is held, for review, released or kept stays; each other goes where the preview said."""
    by_message = {one: whole_run.before[one] for one in whole_run.delivered}
    moved = {one for one in by_message if whole_run.after[one] != by_message[one]}
    rows = whole_run.house.query(
        "SELECT message_id, kind, decided_by FROM decision WHERE scan_id = ?", whole_run.scan["id"]
    )
    assert moved == {message for message, kind, _ in rows if kind == "move"}
    assert {kind for message, kind, _ in rows if message not in moved} == {"keep", "review"}
    assert len([one for one in rows if one[1:] == ("review", "owner")]) == 2  # the released ones
    elsewhere = set(whole_run.before) - set(by_message)
    assert all(whole_run.after[one] == whole_run.before[one] for one in elsewhere)


def test_what_moves_goes_to_a_folder_that_the_owner_chose(whole_run: Any) -> None:
    """Every target of the run is a chosen folder."""
    chosen = {row[0] for row in whole_run.house.query("SELECT graph_id FROM folder WHERE chosen")}
    targets = {
        row[0]
        for row in whole_run.house.query("SELECT to_graph_id FROM journal_entry WHERE run_id = ?", whole_run.run["id"])
    }
    assert targets
    assert targets <= chosen


@pytest.fixture
def preview(whole_run: Any) -> tuple[Any, dict[str, Any]]:
    """The house, and a fresh preview over the same folder, as nobody has touched it."""
    return whole_run.house, whole_run.house.scan_of("Whole run")


def of_kind(house: Any, scan: dict[str, Any], kind: str) -> str:
    """A decision of this kind."""
    return str(house.decisions(scan, kind=kind)[0]["id"])


def write(house: Any, method: str, path: str, scan: dict[str, Any], status: int, body: Any = None) -> Any:
    """A write on a preview, at its revision."""
    headers = {"If-Match": f'"{scan["revision"]}"', "Idempotency-Key": secrets.token_hex(8)}
    document = {} if body is None else {"json": body}
    return house.ask(method, path, status, headers=headers, **document).json()


@pytest.mark.parametrize("kind", ["hold", "review"])
def test_held_and_suspicious_mail_can_not_be_named_for_a_move(preview: Any, kind: str) -> None:
    """Named beside moves in a bulk, a held or suspicious message refuses the whole approval."""
    house, scan = preview
    named = [of_kind(house, scan, "move"), of_kind(house, scan, kind)]
    before = house.places()
    write(house, "POST", "/moves", scan, 400, {"scan_id": scan["id"], "decision_ids": named})
    assert house.moved_since(before) == set()


def test_held_mail_moves_nowhere_before_it_is_released(preview: Any) -> None:
    """A held message can't be decided otherwise; released it is one to review; others can't be released."""
    house, scan = preview
    held, move = of_kind(house, scan, "hold"), of_kind(house, scan, "move")
    path = f"/scans/{scan['id']}/decisions"
    write(house, "PATCH", f"{path}/{held}", scan, 409, {"folder_id": house.own["receipts"]})
    write(house, "POST", f"{path}/{move}/release", scan, 409)
    released = write(house, "POST", f"{path}/{held}/release", scan, 200)
    assert (released["kind"], released["folder_id"], released["decided_by"]) == ("review", None, "owner")


def test_not_even_the_owner_moves_to_a_folder_that_is_not_chosen(preview: Any) -> None:
    """A folder that isn't chosen, or is nobody's, is refused; so is one that stopped being chosen."""
    house, scan = preview
    move = of_kind(house, scan, "move")
    path = f"/scans/{scan['id']}/decisions/{move}"
    write(house, "PATCH", path, scan, 400, {"folder_id": house.folder("Waiting")})
    write(house, "PATCH", path, scan, 404, {"folder_id": "fld_nobodysfolder"})
    receipts = f"/folders/{house.own['receipts']}"
    house.ask("PATCH", receipts, 200, json={"chosen": False})
    try:
        write(house, "POST", "/moves", scan, 409, {"scan_id": scan["id"]})
    finally:
        house.ask("PATCH", receipts, 200, json={"chosen": True})


@pytest.mark.parametrize("name", ["deleteditems", "drafts", "sentitems", "outbox", "recoverableitemsdeletions"])
def test_chosen_or_not_nothing_goes_to_a_bin(preview: Any, name: str) -> None:
    """Should a bin be chosen, a move there fails and the message stays: deleting by moving is no way round."""
    house, scan = preview
    folder, move = house.folder(name), of_kind(house, scan, "move")
    before = house.places()
    answer = house.ask("PATCH", f"/folders/{folder}", json={"chosen": True})
    if answer.status_code == 200:
        try:
            write(house, "PATCH", f"/scans/{scan['id']}/decisions/{move}", scan, 200, {"folder_id": folder})
            changed = house.ask("GET", f"/scans/{scan['id']}", 200).json()
            run = house.ended(f"/moves/{house.approve(changed, decision_ids=[move])['id']}")
            assert (run["moved"], run["failed"]) == (0, 1)
        finally:
            house.ask("PATCH", f"/folders/{folder}", 200, json={"chosen": False})
    assert house.moved_since(before) == set()
