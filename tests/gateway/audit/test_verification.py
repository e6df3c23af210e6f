"""What an attacker with all of SQL, DDL too, does to the log shows, with the first number at which it breaks."""

import hmac
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from gateway.audit import chain, checkpoint
from gateway.audit.checkpoint import CheckpointRefused
from gateway.audit.event import Event, Kind
from gateway.audit.verification import Broken, Fault
from gateway.store import audit as rows
from gateway.store.audit import Head
from gateway.store.tables import audit_event
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.root import FileRoot

STARTED = Event(Kind.SETTINGS_LOADED)
COLUMNS = (
    "log, seq, id, at, kind, outcome, reason, person_mark, mailbox_mark, object_id, amount, service, network_mark,"
    " trace_id, hash, mac, key_id"
)


@pytest.fixture
def full(log: Any) -> Any:
    """Ten events of a person's."""
    mailbox = log.mailbox()
    log.record(*(Event(Kind.MOVE_BATCH, mailbox=mailbox.id, amount=n) for n in range(1, 11)))
    assert log.verify().broken is None
    return log


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("at", "1"), ("kind", "'scan.started'"), ("outcome", "'refused'"), ("reason", "'x'"), ("amount", "77")],
        *[("object_id", "'mov_x'"), ("service", "'cli'"), ("trace_id", "'ab'"), ("id", "'evt_x'")],
        *[("person_mark", "network_mark"), ("mailbox_mark", "person_mark"), ("network_mark", "person_mark")],
        *[("hash", "mac"), ("mac", "hash"), ("key_id", "'key_x'")],
    ],
)
def test_an_edit_of_any_column_shows(full: Any, column: str, value: str) -> None:
    """Whichever column is changed, the event is the first that is wrong."""
    full.attack(f"UPDATE audit_event SET {column} = {value} WHERE seq = 4")  # noqa: S608  # the test's own words
    broken = full.verify().broken
    assert broken is not None
    assert broken.seq == 4
    assert broken.fault in {Fault.ALTERED, Fault.FORGED}


def test_a_deletion_shows(full: Any) -> None:
    """The number that is missing is named."""
    full.attack("DELETE FROM audit_event WHERE seq = 5")
    assert full.verify().broken == Broken(5, Fault.MISSING)


def test_a_deletion_with_renumbering_shows(full: Any) -> None:
    """Closing the gap changes what was hashed."""
    full.attack("DELETE FROM audit_event WHERE seq = 10", "DELETE FROM audit_event WHERE seq = 3")
    full.attack("UPDATE audit_event SET seq = 3 WHERE seq = 4")
    assert full.verify().broken == Broken(3, Fault.ALTERED)


def test_an_insertion_shows(full: Any) -> None:
    """A copy of a real event under the next number does not fit behind the last one."""
    copied = COLUMNS.replace("seq, id", "11, 'evt_copy'", 1)
    full.attack(f"INSERT INTO audit_event ({COLUMNS}) SELECT {copied} FROM audit_event WHERE seq = 10")  # noqa: S608  # the same
    assert full.verify().broken == Broken(11, Fault.ALTERED)


def test_a_swap_shows(full: Any) -> None:
    """Two events in each other's place."""
    full.attack(
        "UPDATE audit_event SET seq = 99 WHERE seq = 6",
        "UPDATE audit_event SET seq = 6 WHERE seq = 7",
        "UPDATE audit_event SET seq = 7 WHERE seq = 99",
    )
    assert full.verify().broken == Broken(6, Fault.ALTERED)


def test_a_chain_that_was_computed_anew_without_the_key_shows(full: Any) -> None:
    """Hashes need no key; the mac does. From the first event that was written anew, the chain is forged."""
    entries = full.all()
    before, values = entries[3].hash, []
    for entry in entries[4:]:
        changed = entry._replace(amount=1_000)
        before = chain.link("test", before, changed)
        values.append((entry.seq, before, hmac.digest(b"guessed", before, "sha256")))
    full.attack()
    with full.engine.begin() as connection:
        for seq, hashed, mac in values:
            statement = text("UPDATE audit_event SET amount = 1000, hash = :h, mac = :m WHERE seq = :s")
            connection.execute(statement, {"h": hashed, "m": mac, "s": seq})
        connection.execute(text("UPDATE audit_head SET hash = :h WHERE log = 'audit'"), {"h": before})
    assert full.verify().broken == Broken(5, Fault.FORGED)


def test_a_cut_off_end_shows_by_the_head(full: Any) -> None:
    """The head says how far the log was."""
    full.attack("DELETE FROM audit_event WHERE seq > 7")
    assert full.verify().broken == Broken(8, Fault.TRUNCATED)


def test_a_cut_off_end_with_a_rewound_head_shows_by_a_checkpoint(full: Any) -> None:
    """Everything left is genuine; only what was noted elsewhere tells. New events on top don't hide it."""
    noted = full.head()
    full.attack(
        "DELETE FROM audit_event WHERE seq > 7",
        "UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit_event WHERE seq = 7) WHERE log = 'audit'",
    )
    assert full.verify().broken is None  # which is why checkpoints leave the database
    assert full.verify(noted=noted).broken == Broken(8, Fault.TRUNCATED)
    full.record(*[STARTED] * 5)
    assert full.verify().broken is None
    assert full.verify(noted=noted).broken == Broken(10, Fault.REPLACED)


def test_a_genuine_event_of_a_history_that_was_cut_off_does_not_fit_into_the_next(full: Any) -> None:
    """Number and mac of the old ninth event are right; what stands before it is not what it was written behind."""
    old = next(entry for entry in full.all() if entry.seq == 9)
    full.attack(
        "DELETE FROM audit_event WHERE seq > 7",
        "UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit_event WHERE seq = 7) WHERE log = 'audit'",
    )
    full.record(*[STARTED] * 5)
    full.attack("DELETE FROM audit_event WHERE seq = 9")
    with full.engine.begin() as connection:
        connection.execute(insert(audit_event), old._asdict())
    assert full.verify().broken == Broken(9, Fault.ALTERED)


def test_a_whole_chain_of_another_deployment_does_not_verify(full: Any, tmp_path: Path) -> None:
    """Written under other keys, it is nobody's log."""
    (tmp_path / "other").mkdir()
    root = FileRoot(tmp_path / "o.key", data_folder=tmp_path / "other")
    other = Keyring.create(root, tmp_path / "other" / "keys", now=1)
    full.keyring = other
    assert full.verify().broken == Broken(1, Fault.FORGED)


def test_events_of_before_a_key_was_rotated_still_verify(full: Any) -> None:
    """The key in use writes, the older ones go on verifying."""
    full.keyring.rotate(Purpose.AUDIT, now=full.moment)
    full.record(STARTED)
    assert {entry.key_id for entry in full.all()} == {key.id for key in full.keyring.all(Purpose.AUDIT)}
    assert full.verify().broken is None


def test_since_checks_what_came_since(full: Any) -> None:
    """Only the later part is walked; an edit in it shows, one before it is not looked at."""
    full.moment += 1_000
    full.record(STARTED, STARTED)
    assert full.verify(since=full.moment).checked == 2
    full.attack("UPDATE audit_event SET amount = 5 WHERE seq = 2")
    assert full.verify(since=full.moment).broken is None
    full.attack("UPDATE audit_event SET amount = 5 WHERE seq = 12")
    assert full.verify(since=full.moment).broken == Broken(12, Fault.ALTERED)
    assert full.verify(since=full.moment + 1).checked == 0


def test_a_checkpoint_is_signed(full: Any) -> None:
    """One that is changed, or another deployment's, is refused."""
    document = checkpoint.written(checkpoint.take(full.attestation, full.head(), now=1))
    assert checkpoint.read(full.attestation, document) == full.head()
    for forged in (document.replace(b'"seq":10', b'"seq":7'), document.replace(b'"at":1', b'"at":2'), b"{}", b"\xff"):
        with pytest.raises(CheckpointRefused):
            checkpoint.read(full.attestation, forged)


def test_a_cut_by_us_leaves_a_log_that_verifies(full: Any) -> None:
    """Retention removes a prefix; the chain goes on from the hash that the signed cut keeps."""
    _cut(full, 4)
    report = full.verify()
    assert (report.checked, report.broken) == (6, None)
    assert [entry.seq for entry in full.all()] == [5, 6, 7, 8, 9, 10]
    full.record(STARTED)
    _cut(full, 11)
    assert full.verify().broken is None
    assert full.record(STARTED)[0].seq == 12
    assert full.verify().checked == 1


def test_a_cut_that_we_did_not_make_shows(full: Any) -> None:
    """The triggers would let whoever inserts a cut delete under it; the signature doesn't."""
    with full.engine.begin() as connection:
        hashed = full.all()[3].hash
        rows.cut(connection, rows.Cut("audit", 4, hashed, 1, full.keyring.newest(Purpose.ATTESTATION).id, bytes(64)))
    assert full.verify().broken == Broken(4, Fault.CUT_FORGED)


def test_a_signed_cut_can_not_be_moved(full: Any) -> None:
    """A cut's number and hash are what was signed."""
    _cut(full, 4)
    full.attack("UPDATE audit_cut SET seq = 6", "DELETE FROM audit_event WHERE seq <= 6")
    assert full.verify().broken == Broken(6, Fault.CUT_FORGED)


def test_the_encoding_is_unambiguous() -> None:
    """No two lists of parts are the same bytes; absent and empty differ."""
    framed = [chain.frame(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("", "abc"), (None, "abc"), ())]
    assert len({sha256(one).digest() for one in framed}) == len(framed)


def _cut(log: Any, seq: int) -> None:
    entry = next(one for one in log.all() if one.seq == seq)
    with log.engine.begin() as connection:
        rows.cut(connection, checkpoint.signed_cut(log.attestation, Head("audit", seq, entry.hash), now=log.moment))
