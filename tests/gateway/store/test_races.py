"""What may happen once happens once, however many try at the same moment."""

from collections.abc import Callable

import pytest
from at_once import at_once
from sqlalchemy import Connection, Engine

from gateway.store import exchange_codes, people, profiles, reading, refresh_tokens, sessions, sign_ins, token_caches
from gateway.store.codes import Access, Need
from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.exchange_codes import ExchangeCode
from gateway.store.mailboxes import Mailbox
from gateway.store.sign_ins import SignIn
from gateway.store.token_caches import TokenCache

THREADS = 20
ROUNDS = 5


def _at_once(engine: Engine, count: int, act: Callable[[Connection], object]) -> list[object]:
    def one(_: int) -> object:
        with engine.begin() as connection:
            return act(connection)

    return at_once(engine, count, one)


def _won(act: Callable[[Connection], object]) -> Callable[[Connection], bool]:
    def attempt(connection: Connection) -> bool:
        try:
            act(connection)
        except StaleVersion:
            return False
        return True

    return attempt


def test_a_sign_in_is_taken_up_once(engine: Engine) -> None:
    """20 callbacks with one state: one gets the flow."""
    made = SignIn(sign_ins.id_of("state"), b"sealed", b"browser", 100)
    with engine.begin() as connection:
        sign_ins.add(connection, made)
    taken = _at_once(engine, THREADS, lambda connection: sign_ins.consume(connection, made.id, now=50))
    assert [one for one in taken if one is not None] == [made]


def test_many_first_sign_ins_at_once_make_one_person(engine: Engine) -> None:
    """20 tabs of somebody who was never here: one person, whoever comes first."""
    made = _at_once(engine, THREADS, lambda connection: people.known_or_new(connection, b"index", now=1).id)
    assert len(set(made)) == 1


def test_an_exchange_code_works_once(engine: Engine, mailbox: Mailbox) -> None:
    """20 tabs with one code: one gets the session."""
    with engine.begin() as connection:
        session = sessions.create(connection, mailbox.person_id, now=1, expires_at=999)
        made = ExchangeCode(b"hash", session.id, b"verifier", 100)
        exchange_codes.add(connection, made)
    taken = _at_once(engine, THREADS, lambda connection: exchange_codes.consume(connection, b"hash", now=50))
    assert [one for one in taken if one is not None] == [made]


def test_a_refresh_token_is_spent_once(engine: Engine, mailbox: Mailbox) -> None:
    """20 refreshes with one token: one wins, and the others can see since when it is spent."""
    with engine.begin() as connection:
        session = sessions.create(connection, mailbox.person_id, now=1, expires_at=999)
        refresh_tokens.add(connection, b"hash", session.id)
        assert not refresh_tokens.spend(connection, b"hash", "ses_other", now=49)
        assert refresh_tokens.spent_at(connection, b"hash", session.id) is None
    spent = _at_once(engine, THREADS, lambda connection: refresh_tokens.spend(connection, b"hash", session.id, now=50))
    assert sorted(spent) == [False] * (THREADS - 1) + [True]  # type: ignore[type-var]  # booleans
    with engine.begin() as connection:
        assert refresh_tokens.spent_at(connection, b"hash", session.id) == 50
        assert refresh_tokens.spent_at(connection, b"hash", "ses_other") is None


def test_what_is_over_is_not_handed_out(engine: Engine, mailbox: Mailbox) -> None:
    """At its end a sign-in or a code is worth nothing; asking for a sign-in removes it, purge removes the others."""
    with engine.begin() as connection:
        session = sessions.create(connection, mailbox.person_id, now=1, expires_at=999)
        for name in (b"1", b"2"):
            sign_ins.add(connection, SignIn(name, b"sealed", b"browser", 100))
            exchange_codes.add(connection, ExchangeCode(name, session.id, b"verifier", 100))
        for at in (100, 50):
            assert sign_ins.consume(connection, b"1", now=at) is None
        assert exchange_codes.consume(connection, b"1", now=100) is None
        assert (sign_ins.purge(connection, now=100), exchange_codes.purge(connection, now=100)) == (1, 2)


def test_a_used_code_is_known_until_its_end(engine: Engine, mailbox: Mailbox) -> None:
    """Whose session it gave: not before its use, and no longer than it would have worked."""
    with engine.begin() as connection:
        session = sessions.create(connection, mailbox.person_id, now=1, expires_at=999)
        exchange_codes.add(connection, ExchangeCode(b"hash", session.id, b"verifier", 100))
        assert exchange_codes.used_for(connection, b"hash", now=49) is None
        exchange_codes.consume(connection, b"hash", now=50)
        assert exchange_codes.used_for(connection, b"hash", now=99) == session.id
        assert exchange_codes.used_for(connection, b"other", now=99) is None
        assert exchange_codes.used_for(connection, b"hash", now=100) is None


def test_of_two_token_refreshes_exactly_one_is_kept(engine: Engine, mailbox: Mailbox) -> None:
    """First write and each later one: two threads with the same version, one winner, and its version is one more."""
    for version in range(ROUNDS):
        put = _won(
            lambda c, v=version: token_caches.put(c, mailbox.id, access=Access.FULL, sealed=b"%d" % v, expected=v)
        )  # type: ignore[misc]  # bound now
        assert sorted(_at_once(engine, 2, put)) == [False, True]  # type: ignore[type-var]  # booleans
    with reading(engine) as connection:
        assert token_caches.get(connection, mailbox.id) == TokenCache(mailbox.id, b"4", ROUNDS, Access.FULL)


def test_of_two_learners_exactly_one_is_kept(engine: Engine, mailbox: Mailbox) -> None:
    """The same for profiles."""
    for version in range(ROUNDS):
        put = _won(lambda c, v=version: profiles.put(c, mailbox.id, sealed=b"%d" % v, learned=v, expected=v))  # type: ignore[misc]  # bound now
        assert sorted(_at_once(engine, 2, put)) == [False, True]  # type: ignore[type-var]  # booleans
    with engine.begin() as connection:
        assert profiles.get(connection, mailbox.id) == (mailbox.id, ROUNDS, 4, b"4")
        profiles.discard(connection, mailbox.id)
        assert profiles.get(connection, mailbox.id) is None


def test_an_owner_is_needed_until_the_next_token(engine: Engine, mailbox: Mailbox) -> None:
    """The mark and its challenge stay until a new cache is written."""
    with engine.begin() as connection:
        with pytest.raises(RowAbsent):
            token_caches.require(connection, mailbox.id, Need.EXPIRED)
        version = token_caches.put(
            connection, mailbox.id, sealed=b"1", access=Access.PREVIEW, expected=token_caches.ABSENT
        )
        token_caches.require(connection, mailbox.id, Need.CLAIMS_CHALLENGE, b"c")
        expected = TokenCache(mailbox.id, b"1", 1, Access.PREVIEW, Need.CLAIMS_CHALLENGE, b"c", None)
        assert token_caches.get(connection, mailbox.id) == expected
        token_caches.put(connection, mailbox.id, sealed=b"2", access=Access.FULL, expected=version)
        assert token_caches.get(connection, mailbox.id) == TokenCache(mailbox.id, b"2", 2, Access.FULL)


def test_one_of_two_claims_a_refresh_until_it_runs_out(engine: Engine, mailbox: Mailbox) -> None:
    """The second waits; a dead replica's claim ends by itself, and then it can't give back what another took over."""
    with engine.begin() as connection:
        token_caches.put(connection, mailbox.id, sealed=b"1", access=Access.FULL, expected=token_caches.ABSENT)
    claim = lambda c: token_caches.claim(c, mailbox.id, now=1_000, until=2_000)  # noqa: E731  # one line, used twice
    assert sorted(_at_once(engine, 2, claim)) == [False, True]  # type: ignore[type-var]  # booleans
    with engine.begin() as connection:
        assert not token_caches.claim(connection, mailbox.id, now=1_999, until=3_000)
        assert token_caches.claim(connection, mailbox.id, now=2_000, until=3_000)
        token_caches.release(connection, mailbox.id, until=2_000)
        assert not token_caches.claim(connection, mailbox.id, now=2_001, until=3_001)
        token_caches.release(connection, mailbox.id, until=3_000)
        assert token_caches.claim(connection, mailbox.id, now=2_001, until=3_001)
