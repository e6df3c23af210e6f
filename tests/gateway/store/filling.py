"""At least one row about a mailbox and its owner in each table: where a new table gets its row, for every test.

Without rows of nobody: what a sign-in leaves that has not come back, and the audit log.
"""

from collections.abc import Callable
from secrets import token_bytes

from sqlalchemy import Connection

from gateway.organise.plan import month_of
from gateway.store import (
    api_keys,
    clock,
    corrections,
    correspondents,
    decisions,
    denied_tokens,
    dismissals,
    exchange_codes,
    folders,
    ids,
    journal,
    keepings,
    learned_messages,
    move_runs,
    owner_words,
    person_plans,
    profiles,
    protections,
    refresh_tokens,
    rules,
    scan_charges,
    scans,
    sessions,
    spending,
    token_caches,
)
from gateway.store.api_keys import ApiKey
from gateway.store.codes import Access, CorrectionKind, DecisionKind, MatcherKind, ProtectionKind, Scope, WorkState
from gateway.store.corrections import Correction
from gateway.store.decisions import Finding, NewDecision
from gateway.store.exchange_codes import ExchangeCode
from gateway.store.folders import Folder
from gateway.store.journal import PlannedMove
from gateway.store.mailboxes import Mailbox
from gateway.vault.vault import Cell

Seal = Callable[[Cell, str], bytes]  # where it stands, and of what kind it is


def fill(connection: Connection, mailbox: Mailbox, seal: Seal, *, now: int) -> str:
    """The id of a session of its owner; everything is as old as `now` says, in unix ms."""
    folder = _learned(connection, mailbox, seal, now)
    _said(connection, mailbox, folder, seal, now)
    scanned(connection, mailbox, folder, now=now)
    _paid(connection, mailbox.person_id, now)
    for only in (mailbox.id, None):
        _key(connection, mailbox.person_id, only, seal, now)
    return _session(connection, mailbox.person_id, now)


def scanned(connection: Connection, mailbox: Mailbox, folder_id: str, *, now: int, ended: bool = True) -> str:
    """A scan with a decision, its evidence, a run and its journal; its id."""
    scan = scans.create(connection, mailbox.id, source_graph_id="inbox", now=now)
    seen = (Finding("override", "subject", 0, 1, 1.0, "r"),)
    held = NewDecision("m1", DecisionKind.HOLD, None, None, 1.0, "finding", "sentinel", token_bytes(16), seen)
    moved = NewDecision("m2", DecisionKind.MOVE, folder_id, 0.9, 0.0, "sender", "learned", token_bytes(16))
    decisions.save(connection, scan.id, [held, moved])
    run = move_runs.create(connection, mailbox.id, scan_id=scan.id, now=now)
    journal.plan(connection, run.id, [PlannedMove("m2", "inbox", "AAMkFolder")], now=now)
    if ended:
        scans.finish(connection, scan.id, WorkState.DONE, now=now)
        move_runs.finish(connection, run.id, WorkState.DONE, now=now)
    return scan.id


def _learned(connection: Connection, mailbox: Mailbox, seal: Seal, now: int) -> str:
    """A folder, and what was learned of it."""
    folder_id = ids.new("fld")
    names = [seal(Cell("folder", folder_id, name), name) for name in ("name_sealed", "description_sealed")]
    folders.add(connection, Folder(folder_id, mailbox.id, "AAMkFolder", *names, chosen=True, origin=False, revision=1))
    token = seal(Cell("token_cache", mailbox.id, "sealed"), "token")
    granted = frozenset({"User.Read", "Mail.ReadWrite"})
    token_caches.put(
        connection, mailbox.id, sealed=token, access=Access.FULL, granted=granted, expected=token_caches.ABSENT
    )
    profile = seal(Cell("profile", mailbox.id, "sealed"), "profile")
    profiles.put(connection, mailbox.id, sealed=profile, learned=1, expected=profiles.ABSENT)
    learned_messages.record(connection, mailbox.id, {"m1": folder_id})
    corrections.keep(connection, Correction(ids.new("cor"), mailbox.id, CorrectionKind.TEXT, token_bytes(32), now))
    return folder_id


def _said(connection: Connection, mailbox: Mailbox, folder_id: str, seal: Seal, now: int) -> None:
    """What rules, protections and proposals keep."""
    rule, protection = ids.new("rul"), ids.new("pro")
    sender = (MatcherKind.SENDER, token_bytes(32), seal(Cell("rule", rule, "sealed"), "rule"))
    rules.add(connection, rules.Rule(rule, mailbox.id, *sender, folder_id, now))
    protected = (ProtectionKind.SENDER, token_bytes(32), seal(Cell("protection", protection, "sealed"), "protection"))
    protections.add(connection, protections.Protection(protection, mailbox.id, *protected, None, now))
    keepings.put(connection, keepings.Keeping(mailbox.id, replied_to=True, flagged=False, younger_than_hours=1))
    correspondents.replace(connection, mailbox.id, [token_bytes(32)])
    word = owner_words.OwnerWord(mailbox.id, "m1", folder_id, token_bytes(16), None, None, now)
    owner_words.note(connection, mailbox.id, [word])
    dismissals.note(connection, mailbox.id, token_bytes(32), now=now)


def _paid(connection: Connection, person_id: str, now: int) -> None:
    some = spending.Spending(5, 5)
    spending.reserve(connection, person_id, spending.day_of(now), wanted=some, cap=some)
    person_plans.put(connection, person_id, "free", now=now)
    scan_charges.add(connection, person_id, ids.new("scn"), month_of(now))


def _key(connection: Connection, person_id: str, only: str | None, seal: Seal, now: int) -> None:
    key_id = ids.new("apk")
    name = seal(Cell("api_key", key_id, "name_sealed"), "program")
    ends = now + 30 * clock.DAY
    key = (key_id, person_id, only, token_bytes(32), name, now, ends, None, frozenset({Scope.READ}))
    api_keys.add(connection, ApiKey(*key))


def _session(connection: Connection, person_id: str, now: int) -> str:
    session = sessions.create(connection, person_id, now=now, expires_at=now + 8 * clock.HOUR)
    exchange_codes.add(connection, ExchangeCode(token_bytes(32), session.id, b"v", now + clock.MINUTE))
    refresh_tokens.add(connection, token_bytes(32), session.id)
    denied_tokens.deny(connection, ids.new("jti"), session.id, expires_at=now + clock.MINUTE)
    return session.id
