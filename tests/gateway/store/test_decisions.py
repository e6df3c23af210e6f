"""Decisions: saved in bulk and once, paged, counted, and changed only by who saw the present state."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from at_once import at_once
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from gateway.store import decisions, ids, reading, scans
from gateway.store.codes import DecidedBy, DecisionKind
from gateway.store.decisions import Filters, Finding, NewDecision
from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.scans import Scan

FOLDERS = [ids.new("fld") for _ in range(3)]
FINDINGS = (Finding("override", "subject", 3, 9, 0.9, "en.override.1"), Finding("tag", "sender_name", 0, 2, 0.2, "x"))
KINDS = list(DecisionKind)
THREADS = 8


def _new(number: int) -> NewDecision:
    kind = KINDS[number % len(KINDS)]
    folder = FOLDERS[number % len(FOLDERS)] if kind is DecisionKind.MOVE else None
    findings = FINDINGS if kind is DecisionKind.HOLD else ()
    return NewDecision(
        f"AAMk{number}=", kind, folder, number % 10 / 10, 0.1, "choice", "learned", b"%d" % (number % 7), findings
    )


def test_bulk_save_numbers_the_decisions_once(engine: Engine, scan: Scan) -> None:
    """A step that runs twice, or overlaps another, leaves one decision a message, numbered without a gap."""
    first, second = [_new(n) for n in range(1500)], [_new(n) for n in range(1000, 2600)]
    with engine.begin() as connection:
        saved = [decisions.save(connection, scan.id, page) for page in (first, first, second)]
    with reading(engine) as connection:
        kept = decisions.page(connection, scan.id, limit=5000)
        after = scans.get(connection, scan.mailbox_id, scan.id)
    assert saved == [1500, 0, 1100]
    assert [one.seq for one in kept] == list(range(2600))
    assert {one.message_id for one in kept} == {f"AAMk{n}=" for n in range(2600)}
    assert (after.done, after.revision) == (2600, scan.revision + 2)


def test_parallel_pages_of_one_scan_all_arrive(engine: Engine, scan: Scan) -> None:
    """Pages that are saved at the same time get numbers of their own."""

    def save(page: int) -> int:
        with engine.begin() as connection:
            return decisions.save(connection, scan.id, [_new(n) for n in range(page * 50, page * 50 + 50)])

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(save, range(8))) == [50] * 8
    with reading(engine) as connection:
        assert [one.seq for one in decisions.page(connection, scan.id, limit=999)] == list(range(400))


def test_keyset_pages_with_filters_meet_every_row_once(engine: Engine, scan: Scan) -> None:
    """Following `after` meets each matching decision once and nothing else."""
    with engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(n) for n in range(500)])
    for filters in (
        Filters(kind=DecisionKind.MOVE),
        Filters(folder_id=FOLDERS[1]),
        Filters(sender_hash=b"3"),
        Filters(sure_from=0.5),
        Filters(kind=DecisionKind.KEEP, sure_from=0.7),
    ):
        wanted = [n for n in range(500) if _matches(_new(n), filters)]
        assert _followed(engine, scan.id, filters) == wanted


def test_a_page_of_what_the_owner_changed(engine: Engine, scan: Scan) -> None:
    """Theirs, or all others; one without a confidence is as sure as nothing."""
    with engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(n)._replace(confidence=None) for n in range(3)])
        seen = scans.get(connection, scan.mailbox_id, scan.id).revision
        first, *others = decisions.page(connection, scan.id, limit=3)
        change = {"kind": DecisionKind.KEEP, "folder_id": None, "revision": seen}
        decisions.change(connection, scan.id, [first.id], **change)
    found = [_followed(engine, scan.id, Filters(decided_by=who)) for who in (DecidedBy.OWNER, DecidedBy.ENGINE)]
    assert found == [[first.seq], [one.seq for one in others]]
    assert _followed(engine, scan.id, Filters(sure_from=0.0)) == []


def test_counts(engine: Engine, scan: Scan) -> None:
    """Per kind with zeros, per folder for moves."""
    with engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(n) for n in range(24) if n % 4 != 1])
        assert decisions.counts(connection, scan.id) == dict(zip(KINDS, (6, 0, 6, 6), strict=True))
        assert decisions.folder_counts(connection, scan.id) == dict.fromkeys(FOLDERS, 2)
        other = scans.create(connection, scan.mailbox_id, source_graph_id="inbox", now=2).id
        assert decisions.counts_of(connection, [scan.id, other]) == {
            scan.id: decisions.counts(connection, scan.id),
            other: dict.fromkeys(KINDS, 0),
        }


def test_findings_come_back_in_order_with_their_decision(engine: Engine, scan: Scan) -> None:
    """Codes and spans only, for the held ones only."""
    with engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(n) for n in range(8)])
        kept = decisions.page(connection, scan.id, limit=8)
        found = decisions.findings(connection, [one.id for one in kept])
    assert found == {one.id: list(FINDINGS) for one in kept if one.kind is DecisionKind.HOLD}


def test_the_owner_changes_one_at_the_revision_that_was_seen(engine: Engine, scan: Scan) -> None:
    """A change moves the scan's revision; a second one made from the old preview is refused and changes nothing."""
    with engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(0), _new(1)])
        seen = scans.get(connection, scan.mailbox_id, scan.id).revision
        one, other = decisions.page(connection, scan.id, limit=2)
    with engine.begin() as connection:
        keep = {"kind": DecisionKind.KEEP, "folder_id": None, "revision": seen}
        decisions.change(connection, scan.id, [one.id], **keep)
        changed = decisions.get(connection, scan.id, one.id)
    assert changed == one._replace(kind=DecisionKind.KEEP, folder_id=None, decided_by=DecidedBy.OWNER)
    with pytest.raises(StaleVersion), engine.begin() as connection:
        decisions.change(connection, scan.id, [other.id], **keep)
    with reading(engine) as connection:
        assert decisions.get(connection, scan.id, other.id) == other
        assert scans.get(connection, scan.mailbox_id, scan.id).revision == seen + 1


def test_a_move_without_a_folder_is_refused_by_the_database(engine: Engine, scan: Scan) -> None:
    """There is no move to nowhere."""
    with pytest.raises(IntegrityError, match="move_names_a_folder"), engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(0)._replace(folder_id=None)])


def test_another_scans_decision_is_absent(engine: Engine, scan: Scan) -> None:
    """A decision is reached through its scan only; an unknown scan takes no decisions."""
    with engine.begin() as connection:
        decisions.save(connection, scan.id, [_new(0)])
        (one,) = decisions.page(connection, scan.id, limit=1)
        other = scans.create(connection, scan.mailbox_id, source_graph_id="inbox", now=2)
        with pytest.raises(RowAbsent):
            decisions.get(connection, other.id, one.id)
        with pytest.raises(RowAbsent):
            decisions.save(connection, ids.new("scn"), [_new(1)])


def _matches(new: NewDecision, filters: Filters) -> bool:
    named = filters._replace(sure_from=None)._asdict()
    sure = new.confidence is not None and new.confidence >= (filters.sure_from or 0)
    return sure and all(getattr(new, name) == value for name, value in named.items() if value is not None)


def _followed(engine: Engine, scan_id: str, filters: Filters) -> list[int]:
    met: list[int] = []
    with reading(engine) as connection:
        while page := decisions.page(connection, scan_id, limit=7, after=met[-1] if met else -1, filters=filters):
            met += [one.seq for one in page]
    return met


def test_a_page_that_many_save_at_once_is_saved_once(engine: Engine, scan: Scan) -> None:
    """A worker that was thought dead and the one that took over: each message is decided, counted and numbered once."""
    page = [NewDecision(f"m{n}", DecisionKind.KEEP, None, None, 0.0, "none", "learned", b"h") for n in range(20)]

    def save(_: int) -> int:
        with engine.begin() as connection:
            return decisions.save(connection, scan.id, page)

    assert sorted(at_once(engine, THREADS, save)) == [0] * (THREADS - 1) + [len(page)]
    with reading(engine) as connection:
        assert [one.seq for one in decisions.page(connection, scan.id, limit=100)] == list(range(20))
        assert scans.by_id(connection, scan.id).done == len(page)
