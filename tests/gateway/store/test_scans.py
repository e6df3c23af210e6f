"""Scans go forward only, and are reached through their mailbox."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from gateway.store import ids, reading, scans
from gateway.store.codes import WorkState
from gateway.store.errors import IllegalTransition, RowAbsent, StaleVersion
from gateway.store.mailboxes import Mailbox
from gateway.store.scans import Scan


def test_a_scan_runs_and_finishes_once(engine: Engine, scan: Scan) -> None:
    """Queued, running (again after a restart), done; nothing moves a finished scan."""
    with engine.begin() as connection:
        scans.start(connection, scan.id, total=10)
        scans.start(connection, scan.id, total=12)
        scans.add_learned(connection, scan.id, 4)
        scans.finish(connection, scan.id, WorkState.DONE, now=9)
        done = scans.get(connection, scan.mailbox_id, scan.id)
        for step in (
            lambda: scans.start(connection, scan.id, total=1),
            lambda: scans.add_learned(connection, scan.id, 1),
            lambda: scans.finish(connection, scan.id, WorkState.CANCELLED, now=9),
        ):
            with pytest.raises(IllegalTransition):
                step()
        assert scans.get(connection, scan.mailbox_id, scan.id) == done
    assert done == scan._replace(state=WorkState.DONE, total=12, learned=4, revision=5, finished_at=9)


def test_a_scan_does_not_finish_as_running(engine: Engine, scan: Scan) -> None:
    """Finishing means done, failed or cancelled."""
    with engine.begin() as connection, pytest.raises(IllegalTransition):
        scans.finish(connection, scan.id, WorkState.RUNNING, now=9)


def test_a_page_that_was_empty_leaves_the_pace(engine: Engine, scan: Scan) -> None:
    """What a message takes is what the last page with messages took."""
    with engine.begin() as connection:
        scans.start(connection, scan.id, total=9)
        for number, pace_us in enumerate((None, 700, None)):
            scans.turn_page(connection, scan.id, from_page=number, cursor_sealed=None, pace_us=pace_us)
        assert scans.by_id(connection, scan.id).pace_us == 700


def test_if_match_holds(engine: Engine, scan: Scan) -> None:
    """What was previewed is what moves: another revision is refused."""
    with engine.begin() as connection:
        assert scans.lock(connection, scan.mailbox_id, scan.id, revision=scan.revision) == scan
        with pytest.raises(StaleVersion):
            scans.lock(connection, scan.mailbox_id, scan.id, revision=scan.revision + 1)


def test_another_mailboxs_scan_is_absent(engine: Engine, scan: Scan, new_mailbox: Callable[[], Mailbox]) -> None:
    """Not mine and not there are the same answer."""
    other = new_mailbox()
    with reading(engine) as connection:
        for mailbox_id, scan_id in ((other.id, scan.id), (scan.mailbox_id, ids.new("scn"))):
            with pytest.raises(RowAbsent):
                scans.get(connection, mailbox_id, scan_id)


def test_recent_pages_newest_first(engine: Engine, mailbox: Mailbox) -> None:
    """Pages don't overlap or skip, also where several scans began in the same millisecond."""
    with engine.begin() as connection:
        made = [scans.create(connection, mailbox.id, source_graph_id="inbox", now=n // 3) for n in range(10)]
        met: list[Scan] = []
        while page := scans.recent(connection, mailbox.id, limit=4, before=met[-1] if met else None):
            met += page
        assert met == sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)
        assert {one.id for one in scans.unfinished(connection, mailbox.id)} == {one.id for one in made}
