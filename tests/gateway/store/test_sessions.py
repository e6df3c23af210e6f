"""Sessions end when they idle, expire or are revoked, and stay ended."""

from sqlalchemy import Engine

from gateway.store import sessions
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
        assert sessions.revoke_person(connection, mailbox.person_id, now=7) == 2
        assert set(sessions.revoked_since(connection, 6)) == {one.id for one in made[1:]}
        assert sessions.purge(connection, before=100) == 0
        assert sessions.purge(connection, before=101) == 3
