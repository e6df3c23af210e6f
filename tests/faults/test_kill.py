"""SIGKILL at any moment of an apply: nothing lost, nothing moved twice, and undo brings all back.

The mailbox is the sandbox with faults on: throttled items, answers lost after the move was done, 503, latency.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(1500)  # seconds; dozens of restarts, on a machine that may be busy

INBOX_MESSAGES = 500
FILED = 20  # of each sender
SENDERS = {"Receipts": "Shop <orders@shop.test>", "Travel": "Rail <tickets@rail.test>", "Build": "CI <bot@ci.test>"}
# Faults of a rare call strike by number: by chance alone one of them may not strike in a whole run.
FAULTS = (
    {"fault": "throttle", "rate": 0.03},
    {"fault": "reset_after_move", "nth": [30, 150, 270, 390, 450], "route": "POST /me/messages/{message}/move"},
    {"fault": "unavailable", "rate": 0.01, "retry_after": "0.1"},
    {"fault": "latency", "rate": 0.05, "seconds": 0.05},
)
ROUGH = (
    {"fault": "timeout_after_move", "nth": [60, 180, 300, 420], "route": "POST /me/messages/{message}/move"},
    {"fault": "gateway_timeout", "rate": 0.01},
    {"fault": "garbage_json", "nth": [5, 19], "route": "POST /$batch"},
    {"fault": "reset_before", "nth": [9, 22], "route": "POST /$batch"},
)
CHAINS = INBOX_MESSAGES // 20
RANDOM_KILLS = 20


@pytest.fixture
def mailbox(make_mbox: Callable[[list[dict[str, str]]], str]) -> str:
    """Three correspondents whose mail is filed by sender, and 500 new messages of theirs."""
    filed = [
        {"from": sender, "subject": f"{folder} letter {n}", "label": folder}
        for n in range(FILED)
        for folder, sender in SENDERS.items()
    ]
    names = list(SENDERS)
    new = [{"from": SENDERS[names[n % 3]], "subject": f"{names[n % 3]} letter {n}"} for n in range(INBOX_MESSAGES)]
    return make_mbox([*filed, *new])


def approved(house: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A run over 500 moves, just queued with faults on, and where everything was before."""
    house.choose_all()
    scan = house.scan()
    assert scan["counts"]["move"] == INBOX_MESSAGES
    before = house.places()
    house.faults(*FAULTS)
    return house.approve(scan), before


def kill_when(house: Any, condition: Callable[[], Any], what: str) -> None:
    house.until(condition, what)
    house.kill("gateway")
    house.restart("gateway")


def proven(house: Any, run: dict[str, Any], before: dict[str, str]) -> None:
    """Every message in exactly one folder, the journal agrees with the mailbox, nothing moved twice."""
    ended = house.ended(f"/moves/{run['id']}")
    places, moves = house.places(), house.moves()
    rows = house.query("SELECT message_id, state, to_graph_id FROM journal_entry WHERE run_id = ?", run["id"])
    assert places.keys() == before.keys()
    assert (ended["state"], ended["moved"]) == ("done", INBOX_MESSAGES)
    assert {state for _, state, _ in rows} == {"moved"}
    assert all(places[message] == target for message, _, target in rows)
    assert all(moves[message] == 1 for message, _, _ in rows)
    struck = {fault["fault"]: fault["struck"] for fault in house.control("GET", "/faults")["faults"]}
    assert all(struck.values()), f"a fault never struck: {struck}"


def undone(house: Any, run: dict[str, Any], before: dict[str, str]) -> None:
    """Undo brings every message back to where it was."""
    undo = house.ended(f"/moves/{house.undo(run)['id']}")
    assert (undo["state"], undo["moved"]) == ("done", INBOX_MESSAGES)
    assert house.places() == before


def entries(house: Any, run: dict[str, Any], chain: int, states: str) -> int:
    """How many entries of a chain are in one of these states, as an onlooker sees the database."""
    marks = ", ".join(f"'{state}'" for state in states.split())
    sql = f"SELECT count(*) FROM journal_entry WHERE run_id = ? AND chain = ? AND state IN ({marks})"  # noqa: S608  # ours
    return int(house.query(sql, run["id"], chain)[0][0])


def test_killed_at_each_kind_of_journal_step(make_house: Callable[..., Any], mailbox: str) -> None:
    """Intent written, outcome half written, chain done: first, middle and last chain; each resumes and ends right."""
    house = make_house(mailbox)
    run, before = approved(house)
    for chain in (0, CHAINS // 2, CHAINS - 1):
        kill_when(house, lambda c=chain: entries(house, run, c, "intended moved"), f"chain {chain} to be intended")
        kill_when(house, lambda c=chain: entries(house, run, c, "moved"), f"chain {chain} to be moved")
        kill_when(house, lambda c=chain: entries(house, run, c, "moved") == 20, f"chain {chain} to be done")
    proven(house, run, before)
    undone(house, run, before)


def test_killed_at_twenty_random_moments(make_house: Callable[..., Any], mailbox: str) -> None:
    """Whenever it dies, apply or undo, the next start goes on from there."""
    house = make_house(mailbox)
    run, before = approved(house)
    moments = random.Random(20)  # noqa: S311  # repeatable on purpose
    for _ in range(RANDOM_KILLS):
        kill_after(house, moments.uniform(0.0, 0.6))
    proven(house, run, before)
    undo = house.undo(run)
    for _ in range(3):
        kill_after(house, moments.uniform(0.0, 0.6))
    house.ended(f"/moves/{undo['id']}")
    assert house.places() == before


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_soak_under_every_fault_of_a_bad_day(make_house: Callable[..., Any], mailbox: str, seed: int) -> None:
    """Longer and rougher: more faults at once, killed again and again in apply and in undo."""
    house = make_house(mailbox)
    run, before = approved(house)
    house.faults(*FAULTS, *ROUGH, seed=seed)
    moments = random.Random(seed)  # noqa: S311  # repeatable on purpose
    for _ in range(RANDOM_KILLS):
        kill_after(house, moments.uniform(0.0, 1.5))
    proven(house, run, before)
    undo = house.undo(run)
    for _ in range(RANDOM_KILLS // 2):
        kill_after(house, moments.uniform(0.0, 1.5))
    ended = house.ended(f"/moves/{undo['id']}")
    assert (ended["state"], ended["moved"]) == ("done", INBOX_MESSAGES)
    assert house.places() == before


def kill_after(house: Any, seconds: float) -> None:
    """SIGKILL so long after the gateway was ready."""
    time.sleep(seconds)
    house.kill("gateway")
    house.restart("gateway")
