"""Sessions end when they idle, expire or are revoked, and stay ended; with a person's, their API keys."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from gateway.store import api_keys, ids, sessions
from gateway.store.api_keys import ApiKey
from gateway.store.codes import Scope
from gateway.store.mailboxes import Mailbox

IDLE = 30


def test_idle_absolute_and_revoked(engine: Engine, mailbox: Mailbox) -> None:
    """Use keeps a session alive up to its absolute end; a session that idled out can't be touched back to life."""
    with engine.begin() as connection:
        session = sessions.create(connection, mailbox.person_id, now=0, expires_at=100)
        for now, alive in ((29, True), (58, True), (87, True), (100, False)):
            assert sessions.touch(connection, session.id, now=now, idle=IDLE) is alive
            assert (sessions.live(connection, session.id, now=now, idle=IDLE) is not None) is alive
        idle = sessions.create(connection, mailbox.person_id, now=0, expires_at=100)
        assert sessions.touch(connection, idle.id, now=30, idle=IDLE) is False
        assert sessions.live(connection, idle.id, now=30, idle=IDLE) is None


def test_revocation(engine: Engine, mailbox: Mailbox) -> None:
    """One or all of a person's sessions end at once, and the denylist hears of it."""
    with engine.begin() as connection:
        made = [sessions.create(connection, mailbox.person_id, now=0, expires_at=100) for _ in range(3)]
        assert sessions.revoke(connection, made[0].id, now=5)
        assert not sessions.revoke(connection, made[0].id, now=6)
        assert sessions.live(connection, made[0].id, now=6, idle=IDLE) is None
        assert not sessions.touch(connection, made[0].id, now=6, idle=IDLE)
        ended = sessions.revoke_person(connection, mailbox.person_id, now=7)
        assert set(ended) == set(sessions.revoked_since(connection, 6)) == {one.id for one in made[1:]}
        assert sessions.purge(connection, before=100) == 0
        assert sessions.purge(connection, before=101) == 3


def test_revoking_a_person_ends_their_keys_and_nobody_else_s(
    engine: Engine, mailbox: Mailbox, new_mailbox: Callable[[], Mailbox]
) -> None:
    """Sessions and API keys of one person, by id, so that the replica can refuse them at once; others stay in."""
    other = new_mailbox()
    with engine.begin() as connection:
        gone, kept = [_let_in(connection, one) for one in (mailbox, other)]
        assert set(sessions.revoke_person(connection, mailbox.person_id, now=7)) == set(gone)
        assert sessions.revoke_person(connection, mailbox.person_id, now=8) == []
        assert api_keys.of_person(connection, mailbox.person_id) == []
        assert [key.id for key in api_keys.of_person(connection, other.person_id)] == [kept[1]]
        assert sessions.live(connection, kept[0], now=8, idle=IDLE) is not None


def _let_in(connection: Connection, mailbox: Mailbox) -> tuple[str, str]:
    session = sessions.create(connection, mailbox.person_id, now=1, expires_at=99)
    secret = session.id.encode()
    key = ApiKey(ids.new("apk"), mailbox.person_id, None, secret, b"n", 1, 99, None, frozenset({Scope.READ}))
    api_keys.add(connection, key)
    return session.id, key.id
