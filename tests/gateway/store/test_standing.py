"""Rules, protections, words, correspondents and dismissals: each once, bounded, and their mailbox's own."""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any

import pytest
from at_once import at_once
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from gateway.store import (
    correspondents,
    decisions,
    dismissals,
    ids,
    journal,
    keepings,
    move_runs,
    owner_words,
    protections,
    reading,
    rules,
    scans,
)
from gateway.store.codes import DecisionKind, EntryState, MatcherKind, ProtectionKind
from gateway.store.decisions import NewDecision
from gateway.store.errors import Duplicate, RowAbsent, TooMany
from gateway.store.journal import Outcome, PlannedMove
from gateway.store.keepings import Keeping
from gateway.store.mailboxes import Mailbox
from gateway.store.owner_words import OwnerWord
from gateway.store.protections import Protection
from gateway.store.rules import Rule
from gateway.store.tables import METADATA

THREADS = 12


@dataclass
class Shelf:
    """One mailbox's."""

    engine: Engine
    mailbox: Mailbox

    def rule(self, keyed_hash: bytes | None = None, folder: str = "fld_bills") -> Rule:
        known = (MatcherKind.SENDER, keyed_hash or token_bytes(32), b"sealed")
        return Rule(ids.new("rul"), self.mailbox.id, *known, folder, 1)

    def protection(self, keyed_hash: bytes | None = None) -> Protection:
        known = (ProtectionKind.SENDER, keyed_hash or token_bytes(32), b"sealed", None)
        return Protection(ids.new("pro"), self.mailbox.id, *known, 1)

    def word(self, message: str, folder: str | None = "fld_bills", at: int = 1) -> OwnerWord:
        return OwnerWord(self.mailbox.id, message, folder, b"sender", None, None, at)

    def do(self, act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with self.engine.begin() as connection:
            return act(connection, *arguments, **named)

    def insert(self, table: str, *rows: Any) -> None:
        self.do(lambda connection: connection.execute(METADATA.tables[table].insert(), [one._asdict() for one in rows]))

    def words(self) -> dict[str, str | None]:
        with reading(self.engine) as connection:
            return {one.message_id: one.folder_id for one in owner_words.newest(connection, self.mailbox.id)}


@pytest.fixture
def shelf(engine: Engine, mailbox: Mailbox) -> Shelf:
    return Shelf(engine, mailbox)


@pytest.fixture
def other(engine: Engine, new_mailbox: Callable[[], Mailbox]) -> Shelf:
    return Shelf(engine, new_mailbox())


def tried(act: Callable[[], object]) -> bool:
    try:
        act()
    except TooMany:
        return False
    return True


def test_there_is_one_rule_for_whose_mail_it_is(shelf: Shelf) -> None:
    """The same again is the first one; another folder for it is refused; pointed elsewhere it is the same rule."""
    first = shelf.do(rules.add, shelf.rule(b"h" * 32))
    assert shelf.do(rules.add, shelf.rule(b"h" * 32)) == first
    with pytest.raises(Duplicate):
        shelf.do(rules.add, shelf.rule(b"h" * 32, "fld_news"))
    assert shelf.do(rules.point, shelf.mailbox.id, first.id, "fld_news") == first._replace(folder_id="fld_news")
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        shelf.insert("rule", first._replace(id=ids.new("rul")))


def test_the_same_protection_is_kept_once(shelf: Shelf) -> None:
    """And the table refuses one that is neither mail nor a folder, or both."""
    first = shelf.do(protections.add, shelf.protection(b"h" * 32))
    assert shelf.do(protections.add, shelf.protection(b"h" * 32)) == first
    assert shelf.do(protections.folders, shelf.mailbox.id) == frozenset()
    for wrong in ({"sealed": None}, {"folder_id": "fld_bills"}, {"kind": ProtectionKind.FOLDER}):
        with pytest.raises(IntegrityError, match=r"(?i)check"):
            shelf.insert("protection", shelf.protection()._replace(**wrong))
    whole = {"kind": ProtectionKind.FOLDER, "sealed": None, "folder_id": "fld_bills"}
    shelf.do(protections.add, shelf.protection()._replace(**whole))
    assert shelf.do(protections.folders, shelf.mailbox.id) == {"fld_bills"}


@pytest.mark.parametrize("noun", ["rule", "protection"])
def test_a_mailbox_has_so_many_and_no_more_whoever_comes_at_once(shelf: Shelf, noun: str) -> None:
    """With room for three, of twelve who come at the same moment three get in."""
    store: Any = rules if noun == "rule" else protections
    make: Callable[[], Any] = getattr(shelf, noun)
    shelf.insert(noun, *(make() for _ in range(store.MOST - 3)))
    won = at_once(shelf.engine, THREADS, lambda _: tried(lambda: shelf.do(store.add, make())))
    assert sorted(map(bool, won)) == [False] * (THREADS - 3) + [True] * 3
    kept = shelf.do(store.of_mailbox, shelf.mailbox.id)
    assert len(kept) == store.MOST == 500
    assert shelf.do(store.add, kept[0]) == kept[0]


def test_the_same_rule_made_twelve_times_at_once_is_one(shelf: Shelf) -> None:
    """Twelve clicks, one rule, and everybody is told which."""
    made = at_once(shelf.engine, THREADS, lambda _: shelf.do(rules.add, shelf.rule(b"h" * 32)).id)
    assert len(set(made)) == 1


def test_nobody_elses_is_seen_changed_or_removed(shelf: Shelf, other: Shelf) -> None:
    """Another mailbox's rule and protection are absent."""
    rule, protection = other.do(rules.add, other.rule()), other.do(protections.add, other.protection())
    mine = shelf.mailbox.id
    assert shelf.do(rules.of_mailbox, mine) == shelf.do(protections.of_mailbox, mine) == []
    for act, *arguments in (
        (rules.point, rule.id, "fld_bills"),
        (rules.remove, rule.id),
        (protections.remove, protection.id),
    ):
        with pytest.raises(RowAbsent):
            shelf.do(act, mine, *arguments)
    other.do(rules.remove, other.mailbox.id, rule.id)
    other.do(protections.remove, other.mailbox.id, protection.id)
    assert other.do(rules.of_mailbox, other.mailbox.id) == []


def test_two_settings_changed_at_once_both_count(shelf: Shelf) -> None:
    """Who reads and writes holds the mailbox meanwhile."""

    def raise_by_one(_: int) -> None:
        with shelf.engine.begin() as connection:
            now = keepings.hold(connection, shelf.mailbox.id) or Keeping(shelf.mailbox.id, True, True, 0)  # a row
            keepings.put(connection, now._replace(younger_than_hours=now.younger_than_hours + 1))

    at_once(shelf.engine, THREADS, raise_by_one)
    assert shelf.do(keepings.get, shelf.mailbox.id) == (shelf.mailbox.id, True, True, THREADS)


def test_correspondents_are_replaced_and_bounded(shelf: Shelf, other: Shelf) -> None:
    """The first MOST of those that are given, no older ones, and nobody else's."""
    old, new = [token_bytes(32)], [token_bytes(32) for _ in range(correspondents.MOST + 5)]
    other.do(correspondents.replace, other.mailbox.id, old)
    shelf.do(correspondents.replace, shelf.mailbox.id, old)
    assert shelf.do(correspondents.replace, shelf.mailbox.id, [*new, *new]) == correspondents.MOST
    asked = [*old, new[0], *new[-6:]]
    assert shelf.do(correspondents.among, shelf.mailbox.id, asked) == {new[0], new[-6]}
    assert other.do(correspondents.among, other.mailbox.id, asked) == {old[0]}
    assert shelf.do(correspondents.replace, shelf.mailbox.id, []) == 0


def test_the_last_word_on_a_message_counts_and_the_newest_are_kept(shelf: Shelf) -> None:
    """One for each message; said again it keeps its time; beyond MOST the oldest go."""
    shelf.do(owner_words.note, shelf.mailbox.id, [shelf.word("a", at=5), shelf.word("b", at=6)])
    shelf.do(owner_words.note, shelf.mailbox.id, [shelf.word("a", at=9)])
    assert list(shelf.words()) == ["b", "a"]
    shelf.do(owner_words.note, shelf.mailbox.id, [shelf.word("a", None, at=9)])
    assert shelf.words() == {"a": None, "b": "fld_bills"}
    for start in range(0, owner_words.MOST, owner_words.BATCH):
        batch = [shelf.word(f"m{start + n}", at=10 + start + n) for n in range(owner_words.BATCH)]
        shelf.do(owner_words.note, shelf.mailbox.id, batch)
    assert len(shelf.words()) == owner_words.MOST
    assert not {"a", "b"} & set(shelf.words())


def test_dismissals_are_remembered_the_newest(shelf: Shelf, other: Shelf) -> None:
    """Twice is once; beyond MOST the oldest goes."""
    marks = [token_bytes(32) for _ in range(dismissals.MOST + 1)]
    rows = [{"mailbox_id": shelf.mailbox.id, "keyed_hash": one, "at": n} for n, one in enumerate(marks[:-1])]
    shelf.do(lambda connection: connection.execute(METADATA.tables["dismissal"].insert(), rows))
    for _ in range(2):
        shelf.do(dismissals.note, shelf.mailbox.id, marks[-1], now=9999)
    assert shelf.do(dismissals.of_mailbox, shelf.mailbox.id) == frozenset(marks[1:])
    assert other.do(dismissals.of_mailbox, other.mailbox.id) == frozenset()


def test_by_hand_is_what_a_scan_saw_and_no_run_moved(shelf: Shelf, other: Shelf) -> None:
    """Never seen elsewhere, moved by a run of ours, or seen in another mailbox: no word. Planned and not moved: one."""
    _seen(other, "d")
    run = _seen(shelf, "a", "b", "c")
    shelf.do(journal.plan, run, [PlannedMove(one, "inbox", "AAbills") for one in "bc"], now=1)
    shelf.do(move_runs.start, run)
    entries = shelf.do(journal.page, run, limit=9)
    shelf.do(journal.mark_intended, run, [one.id for one in entries], now=1)
    moved = next(one.id for one in entries if one.message_id == "b")
    shelf.do(journal.record, run, [Outcome(moved, EntryState.MOVED)], now=2)
    for place, by_hand in (("AAbills", {"a", "c"}), ("AAnews", {"a", "b", "c"}), ("inbox", set[str]())):
        assert shelf.do(owner_words.by_hand, shelf.mailbox.id, dict.fromkeys("abcde", place)) == by_hand


def _seen(shelf: Shelf, *messages: str) -> str:
    """A scan that saw these, and a queued run of it; its id."""
    scan = shelf.do(scans.create, shelf.mailbox.id, source_graph_id="inbox", now=1)
    rows = [NewDecision(one, DecisionKind.KEEP, None, 0.1, 0.0, "words", "learned", b"s") for one in messages]
    shelf.do(decisions.save, scan.id, rows)
    run = shelf.do(move_runs.create, shelf.mailbox.id, scan_id=scan.id, now=1)
    return str(run.id)
