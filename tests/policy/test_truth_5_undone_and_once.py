"""Truth 5: every move can be undone, and happens once.

tests/faults/test_kill.py holds the same against SIGKILL at any moment.
"""

import json
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

MESSAGES = 6
MOVE = "POST /me/messages/{message}/move"


class Desk:
    """A folder with clean mail of a known correspondent, scanned; what a test moves there is its own."""

    def __init__(self, house: Any, place: str) -> None:
        self.house, self.place = house, place
        person = {"sender_name": "personmark9f31c7 receipts", "sender_address": "addressmark9f31c7.receipts@shop.test"}
        subject = "subjectmark9f31c7 about receipts number"
        mail = [{**person, "subject": f"{subject} {900 + n}"} for n in range(MESSAGES)]
        self.ids = house.deliver(*mail, folder=place)
        self.scan = house.scan_of(place)
        assert self.scan["counts"]["move"] == MESSAGES

    def headers(self, key: str | None = None, revision: int | None = None) -> dict[str, str]:
        number = self.scan["revision"] if revision is None else revision
        return {"If-Match": f'"{number}"', "Idempotency-Key": key or secrets.token_hex(8)}

    def moved(self, **body: Any) -> dict[str, Any]:
        return dict(self.house.ended(f"/moves/{self.house.approve(self.scan, **body)['id']}"))

    def undone(self, run: dict[str, Any], **body: Any) -> dict[str, Any]:
        return dict(self.house.ended(f"/moves/{self.house.undo(run, **body)['id']}"))

    def places(self) -> list[str | None]:
        """Folder ids of the messages, in order; None for one that is gone."""
        found = self.house.places()
        return [found.get(one) for one in self.ids]

    def times(self) -> list[int]:
        """How often a client moved each message."""
        found = self.house.moves()
        return [found[one] for one in self.ids]

    def entries(self, run: dict[str, Any]) -> list[tuple[str, str, str | None]]:
        """Entry id, state and code by message, in the order of ids."""
        rows = self.house.query("SELECT message_id, id, state, code FROM journal_entry WHERE run_id = ?", run["id"])
        by_message = {row[0]: row[1:] for row in rows}
        return [by_message[one] for one in self.ids if one in by_message]


@pytest.fixture
def desk(watched: Any) -> Iterator[Desk]:
    yield Desk(watched, f"Desk {secrets.token_hex(4)}")
    watched.faults()


def graph_folder(house: Any, name: str) -> str:
    """Graph's id of a folder of the owner."""
    folders = house.control("GET", "/state")["folders"]
    return str(next(one["id"] for one in folders if name in {one["name"], one["well_known"]}))


def outlook(house: Any, *moves: tuple[str, str | None]) -> None:
    """The owner moves or deletes messages by hand."""
    house.control("POST", "/moves", {"moves": [{"id": one, "destination": to} for one, to in moves]})


def test_a_run_is_undone_as_a_whole(desk: Desk) -> None:
    """Approved, all move once; undone, all are where they were; undone again, nothing is left to undo."""
    before = desk.places()
    run = desk.moved()
    assert (run["moved"], len(set(desk.places()))) == (MESSAGES, 1)
    assert desk.times() == [1] * MESSAGES
    undo = desk.undone(run)
    assert (undo["kind"], undo["undoes"], undo["moved"]) == ("undo", run["id"], MESSAGES)
    assert desk.places() == before
    assert desk.undone(run)["total"] == 0
    assert desk.times() == [2] * MESSAGES


def test_single_messages_are_approved_and_undone(desk: Desk) -> None:
    """Two of six approved: two move. One of them undone: one goes back, the other stays; the rest never moved."""
    before = desk.places()
    shown = {one["id"]: one for one in desk.house.decisions(desk.scan)}
    run = desk.moved(decision_ids=list(shown)[:2])
    moved = [one for one, place in zip(desk.ids, before, strict=True) if desk.house.places()[one] != place]
    assert (run["total"], len(moved)) == (2, 2)
    entry, *_ = desk.entries(run)[0]
    undo = desk.undone(run, entry_ids=[entry])
    elsewhere = sum(now != then for now, then in zip(desk.places(), before, strict=True))
    assert (undo["total"], undo["moved"], elsewhere) == (1, 1, 1)
    desk.house.ask(
        "POST", f"/moves/{run['id']}/undo", 400, json={"entry_ids": [entry]}, headers={"Idempotency-Key": "k" * 8}
    )


def test_undo_leaves_alone_what_the_owner_moved_since(desk: Desk) -> None:
    """What the owner filed elsewhere, put back by hand or deleted is not touched by undo, and said so."""
    before, run = desk.places(), desk.moved()
    archive = graph_folder(desk.house, "archive")
    outlook(desk.house, (desk.ids[0], archive), (desk.ids[1], before[1]), (desk.ids[2], None))
    undo = desk.undone(run)
    assert desk.places() == [archive, before[1], None, *before[3:]]
    assert (undo["state"], undo["moved"], undo["skipped"]) == ("done", MESSAGES - 3, 3)
    codes = [entry[1:] for entry in desk.entries(undo)]
    assert codes[:3] == [("skipped", "moved_meanwhile"), ("skipped", "there"), ("gone", "message_gone")]


def test_apply_leaves_alone_what_the_owner_moved_since(desk: Desk) -> None:
    """Between preview and approval the owner moved one and deleted one: neither is touched, the others move."""
    archive = graph_folder(desk.house, "archive")
    outlook(desk.house, (desk.ids[0], archive), (desk.ids[1], None))
    run = desk.moved()
    assert desk.places()[:2] == [archive, None]
    assert (run["state"], run["moved"], run["skipped"], run["failed"]) == ("done", MESSAGES - 2, 2, 0)
    assert [entry[1:] for entry in desk.entries(run)][:2] == [("skipped", "moved_meanwhile"), ("gone", "message_gone")]


def test_the_same_key_is_one_run(desk: Desk) -> None:
    """A request that is sent again answers the run that it started; for something else the key is refused."""
    headers = desk.headers()
    post = desk.house.ask
    first = post("POST", "/moves", 202, json={"scan_id": desk.scan["id"]}, headers=headers).json()
    again = post("POST", "/moves", 202, json={"scan_id": desk.scan["id"]}, headers=headers).json()
    assert (first["id"], first["total"]) == (again["id"], MESSAGES)
    one = next(iter(desk.house.decisions(desk.scan)))["id"]
    other = post("POST", "/moves", 409, json={"scan_id": desk.scan["id"], "decision_ids": [one]}, headers=headers)
    assert other.json()["code"] == "conflict"
    run = desk.house.ended(f"/moves/{first['id']}")
    late = post("POST", "/moves", 202, json={"scan_id": desk.scan["id"]}, headers=headers).json()
    assert (late["id"], late["moved"]) == (run["id"], MESSAGES)
    assert desk.times() == [1] * MESSAGES


def test_the_same_key_is_one_undo(desk: Desk) -> None:
    """Undo sent twice with one key is one run, of all as of some; for other entries the key is refused."""
    run = desk.moved()
    some = [entry for entry, *_ in desk.entries(run)[:2]]
    key = {"Idempotency-Key": secrets.token_hex(8)}
    path = f"/moves/{run['id']}/undo"
    of_some = [desk.house.ask("POST", path, 202, json={"entry_ids": some}, headers=key).json()["id"] for _ in range(2)]
    for other in ({"entry_ids": some[:1]}, {}):
        assert desk.house.ask("POST", path, 409, json=other, headers=key).json()["code"] == "conflict"
    key = {"Idempotency-Key": secrets.token_hex(8)}
    of_all = [desk.house.ask("POST", path, 202, json={}, headers=key).json()["id"] for _ in range(2)]
    desk.house.ask("POST", path, 409, json={"entry_ids": some}, headers=key)
    assert len({*of_some, *of_all}) == 2
    desk.house.ended(f"/moves/{of_some[0]}")
    desk.house.ended(f"/moves/{of_all[0]}")
    assert desk.house.ask("POST", path, 202, json={}, headers=key).json()["id"] == of_all[0]
    assert desk.times() == [2] * MESSAGES


def test_two_approvals_with_two_keys_move_once(desk: Desk) -> None:
    """Approved twice, as by two tabs: the second run finds everything there and moves nothing."""
    runs = [desk.house.approve(desk.scan) for _ in range(2)]
    ended = [desk.house.ended(f"/moves/{run['id']}") for run in runs]
    assert sorted(run["moved"] for run in ended) == [0, MESSAGES]
    assert desk.times() == [1] * MESSAGES


def test_what_moves_is_what_was_seen(desk: Desk) -> None:
    """Without If-Match 428, at a revision that is past 412; an ETag that is none 400; nothing moves in any case."""
    body = {"scan_id": desk.scan["id"]}
    missing = {"Idempotency-Key": secrets.token_hex(8)}
    assert desk.house.ask("POST", "/moves", 428, json=body, headers=missing).json()["code"] == "precondition_required"
    keyless = {"If-Match": desk.headers()["If-Match"]}
    desk.house.ask("POST", "/moves", 428, json=body, headers=keyless)
    stale = desk.headers(revision=desk.scan["revision"] - 1)
    assert desk.house.ask("POST", "/moves", 412, json=body, headers=stale).json()["code"] == "precondition_failed"
    decision = next(iter(desk.house.decisions(desk.scan)))["id"]
    path = f"/scans/{desk.scan['id']}/decisions/{decision}"
    desk.house.ask("PATCH", path, 200, json={"folder_id": None}, headers=desk.headers())
    desk.house.ask("PATCH", path, 412, json={"folder_id": None}, headers=desk.headers())
    desk.house.ask("POST", "/moves", 412, json=body, headers=desk.headers())
    desk.house.ask("POST", "/moves", 400, json=body, headers={**desk.headers(), "If-Match": '"x"'})
    assert desk.times() == [0] * MESSAGES


@pytest.mark.parametrize("fault", ["reset_after_move", "timeout_after_move"])
def test_a_lost_answer_does_not_move_twice(desk: Desk, fault: str) -> None:
    """The move was done and its answer lost: it is looked up, counted as moved, and not done again; undo works."""
    before = desk.places()
    with desk.house.faulty({"fault": fault, "nth": [2], "route": MOVE}):
        run = desk.moved()
    assert (run["state"], run["moved"]) == ("done", MESSAGES)
    assert desk.times() == [1] * MESSAGES
    desk.undone(run)
    assert desk.places() == before


def test_what_graph_puts_off_is_done_once(desk: Desk) -> None:
    """Throttled in the middle of a chain, away before it: the rest waits, and everything moves once."""
    away = {"fault": "unavailable", "nth": [1], "route": "POST /$batch", "retry_after": "0.1"}
    with desk.house.faulty({"fault": "throttle", "nth": [2], "route": MOVE}):
        run = desk.moved()
    assert (run["state"], run["moved"]) == ("done", MESSAGES)
    with desk.house.faulty({"fault": "throttle", "nth": [2], "route": MOVE}, away):
        undo = desk.undone(run)
    assert (undo["state"], undo["moved"]) == ("done", MESSAGES)
    assert desk.times() == [2] * MESSAGES


def test_what_graph_refuses_stays_and_is_named(desk: Desk) -> None:
    """One message that Graph won't move stays, with a code; the others move."""
    before = desk.places()
    with desk.house.faulty({"fault": "conflict", "nth": [2], "route": MOVE}):
        run = desk.moved()
    assert (run["moved"], run["failed"]) == (MESSAGES - 1, 1)
    states = [entry[1:] for entry in desk.entries(run)]
    stayed = [place == then for place, then in zip(desk.places(), before, strict=True)]
    assert [state == ("failed", "graph_refused") for state in states] == stayed


def vanish(house: Any, name: str) -> None:
    """The owner deletes a folder in Outlook. The sandbox has no door for that, so its file is written to."""
    with closing(sqlite3.connect(house.place.path("sandbox", "mailbox.sqlite"), timeout=10)) as connection, connection:
        assert connection.execute("DELETE FROM folder WHERE name = ?", [json.dumps(name)]).rowcount == 1


def test_a_folder_that_vanished_keeps_its_mail_where_it_is(desk: Desk) -> None:
    """Between preview and approval the target folder was deleted: the mail stays, with a code; nothing crashes."""
    house, place, before = desk.house, f"Vanishing {secrets.token_hex(4)}", desk.places()
    only = house.deliver({"subject": "the only one"}, folder=place)
    folder = house.folder(place)
    house.ask("PATCH", f"/folders/{folder}", 200, json={"chosen": True})
    decision = next(iter(house.decisions(desk.scan)))["id"]
    path = f"/scans/{desk.scan['id']}/decisions/{decision}"
    house.ask("PATCH", path, 200, json={"folder_id": folder}, headers=desk.headers())
    outlook(house, (only[0], None))
    vanish(house, place)
    desk.scan = house.ask("GET", f"/scans/{desk.scan['id']}", 200).json()
    run = desk.moved(decision_ids=[decision])
    assert (run["state"], run["moved"], run["failed"]) == ("done", 0, 1)
    assert [entry[1:] for entry in desk.entries(run)] == [("failed", "folder_gone")]
    assert desk.places() == before
    assert place not in {one["name"] for one in house.ask("GET", "/folders", 200).json()["items"]}


def test_the_journal_says_what_came_of_each(desk: Desk) -> None:
    """Through the door: one entry a message, moved at the first attempt, with the message as it is now."""
    run = desk.moved()
    page = desk.house.ask("GET", f"/moves/{run['id']}/entries", 200).json()
    assert [(one["state"], one["attempts"], one["code"]) for one in page["items"]] == [("moved", 1, None)] * MESSAGES
    assert page["next_cursor"] is None
    shown = {one["id"]: one["message"] for one in desk.house.decisions(desk.scan)}
    assert [one["message"] for one in page["items"]] == list(shown.values())
    assert set(page["items"][0]) == {"id", "state", "attempts", "code", "message", "folder_id", "from_folder_id"}


def test_an_onlooker_does_not_take_the_log_away(desk: Desk) -> None:
    """Another process (a backup, an operator's shell) opens the database and closes it: what is written stays there.

    SQLite deletes the log with the last connection. If this process had lost its lock on the file - closing any
    descriptor of it does that - the onlooker would count as the last, and the journal would be written to no file.
    """
    path = desk.house.place.path("data", "gateway.sqlite")
    log = path.with_name("gateway.sqlite-wal")
    before = log.stat().st_ino
    look = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute('SELECT count(*) FROM scan').fetchone(); c.close()"
    )
    subprocess.run([sys.executable, "-c", look, str(path)], check=True, timeout=30)
    run = desk.moved()
    assert log.stat().st_ino == before
    assert [entry[1] for entry in desk.entries(run)] == ["moved"] * MESSAGES
