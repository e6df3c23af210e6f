"""API keys: found by their secret until they end, counted, used by the day, and gone when revoked."""

from secrets import token_bytes
from typing import Any

import pytest
from at_once import at_once
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import StatementError

from gateway.store import api_keys, ids, people
from gateway.store.api_keys import MOST, ApiKey
from gateway.store.codes import Scope
from gateway.store.errors import RowAbsent, TooMany
from gateway.store.mailboxes import Mailbox

THREADS = 12
SCOPES = frozenset({Scope.READ, Scope.SCAN})


def made(connection: Connection, mailbox: Mailbox, **changed: Any) -> ApiKey:
    values = {"mailbox_id": None, "secret_hash": token_bytes(32), "expires_at": 100, "scopes": SCOPES, **changed}
    key = ApiKey(ids.new("apk"), mailbox.person_id, name_sealed=b"n", created_at=1, last_used_on=None, **values)
    api_keys.add(connection, key)
    return key


def test_a_key_is_found_by_its_secret_until_it_ends(engine: Engine, mailbox: Mailbox) -> None:
    """With everything that it may do and for which mailbox; at its end it is nobody's."""
    with engine.begin() as connection:
        key = made(connection, mailbox, mailbox_id=mailbox.id)
        assert api_keys.by_secret(connection, key.secret_hash, now=99) == key
        assert api_keys.by_secret(connection, key.secret_hash, now=100) is None
        assert api_keys.by_secret(connection, token_bytes(32), now=1) is None
        assert api_keys.of_person(connection, mailbox.person_id) == [key]


def test_a_revoked_key_is_gone_and_only_its_owner_can(engine: Engine, mailbox: Mailbox) -> None:
    """Another person's attempt finds nothing."""
    with engine.begin() as connection:
        key = made(connection, mailbox)
        with pytest.raises(RowAbsent):
            api_keys.revoke(connection, "per_other", key.id)
        api_keys.revoke(connection, mailbox.person_id, key.id)
        assert api_keys.by_secret(connection, key.secret_hash, now=1) is None
        with pytest.raises(RowAbsent):
            api_keys.revoke(connection, mailbox.person_id, key.id)


def test_a_person_has_so_many_and_no_more(engine: Engine, mailbox: Mailbox) -> None:
    """The next one is refused until one is revoked or purged."""
    with engine.begin() as connection:
        for _ in range(MOST):
            made(connection, mailbox)
        with pytest.raises(TooMany):
            made(connection, mailbox)
        assert api_keys.purge(connection, before=100) == 0
        assert api_keys.purge(connection, before=101) == MOST
        made(connection, mailbox)


def test_use_is_noted_by_the_day(engine: Engine, mailbox: Mailbox) -> None:
    """Coarsely, and never backwards."""
    with engine.begin() as connection:
        key = made(connection, mailbox)
        for day, noted in ((20_000, 20_000), (19_999, 20_000), (20_001, 20_001)):
            api_keys.touch(connection, key.id, today=day)
            assert api_keys.of_person(connection, mailbox.person_id)[0].last_used_on == noted


def test_a_scope_that_is_none_is_refused(engine: Engine, mailbox: Mailbox) -> None:
    """The vocabulary is closed in the type and in the database."""
    with pytest.raises((ValueError, StatementError)), engine.begin() as connection:
        made(connection, mailbox, scopes=frozenset({"everything"}))


def test_of_many_made_at_the_same_moment_the_last_place_is_had_by_one(engine: Engine, mailbox: Mailbox) -> None:
    """Whoever makes one holds the person: twelve at once for the twentieth place."""
    with engine.begin() as connection:
        for _ in range(MOST - 1):
            made(connection, mailbox)

    def make(_: int) -> bool:
        try:
            with engine.begin() as connection:
                people.lock(connection, mailbox.person_id)
                made(connection, mailbox)
        except TooMany:
            return False
        return True

    assert sum(at_once(engine, THREADS, make)) == 1
