"""Refreshing: both tokens, from our own page, once. What comes back after it was spent ends the session."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from sqlalchemy import text

from gateway.api import session as api
from gateway.identity.jwt import LIFETIME_S, PROOF_S, REFUSED, Principal, TokenKeys
from gateway.identity.live import LiveSessions
from gateway.store import clock
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.root import FileRoot

REUSED = "gateway_refresh_reuse_total"


def refused(answer: Any) -> bool:
    problem = answer.json()
    told = (answer.status_code, problem["code"], problem["detail"], answer.headers["www-authenticate"])
    return told == (401, "unauthenticated", REFUSED, "Bearer") and "set-cookie" not in answer.headers


def rows(gateway: Any, query: str) -> list[Any]:
    with gateway.engine.begin() as connection:
        return list(connection.exec_driver_sql(query).all())


def change(gateway: Any, statement: str, **values: int) -> None:
    with gateway.engine.begin() as connection:
        connection.execute(text(statement), values)


def spent(gateway: Any, seconds: float) -> None:
    """Sets back when refresh tokens were spent."""
    back = "UPDATE refresh_token SET spent_at = spent_at - :ms WHERE spent_at IS NOT NULL"
    change(gateway, back, ms=round(seconds * clock.SECOND))


def lasting(answer: Any) -> int:
    """Seconds that the cookie is kept."""
    return int(answer.headers["set-cookie"].partition("Max-Age=")[2].partition(";")[0])


def aged(gateway: Any, token: str, seconds: int) -> str:
    """The token as it was made some seconds ago."""
    claims = jwt.decode(token, options={"verify_signature": False})
    who = Principal(claims["sub"], claims["sid"], claims["jti"])
    return str(gateway.tokens.mint(who, int(time.time()) - seconds))


async def test_both_tokens_are_renewed_and_the_former_are_worth_nothing(gateway: Any) -> None:
    """New ones work, the session is the same; the former access token is refused at once, by its jti."""
    tab, cookie = await gateway.session()
    assert (await gateway.who(tab["access_token"])).status_code == 200  # from now on it is remembered
    answer = await gateway.refresh(tab["access_token"], cookie)
    renewed = answer.json()
    assert answer.status_code == 200, answer.text
    assert set(renewed) == {"access_token", "token_type", "expires_in", "mailboxes"}
    assert (renewed["expires_in"], renewed["mailboxes"]) == (600, tab["mailboxes"])
    assert (await gateway.who(tab["access_token"])).status_code == 401
    assert (await gateway.who(renewed["access_token"])).status_code == 200
    told = [jwt.decode(one["access_token"], options={"verify_signature": False}) for one in (tab, renewed)]
    assert told[0]["sid"] == told[1]["sid"]
    assert told[0]["jti"] != told[1]["jti"]


async def test_the_cookie_is_kept_from_scripts_other_sites_and_other_hosts(gateway: Any) -> None:
    """__Host- (Secure, Path=/, no Domain), HttpOnly, SameSite=Strict, as long as the session may last; 256 bits."""
    answer = await gateway.exchange(await gateway.code())
    name, *attributes = answer.headers["set-cookie"].split("; ")
    kept = {one for one in attributes if not one.startswith("Max-Age")}
    assert kept == {"HttpOnly", "Secure", "SameSite=strict", "Path=/"}
    assert 8 * 3600 - 60 <= lasting(answer) <= 8 * 3600
    label, _, value = name.partition("=")
    assert label == api.REFRESH_COOKIE == "__Host-mail-organiser-refresh"
    assert len(value) == 43
    assert value not in answer.text


async def test_a_token_that_is_over_still_proves_the_tab(gateway: Any) -> None:
    """As long as the session may idle; after that it proves nothing, whatever cookie comes along."""
    tab, cookie = await gateway.session()
    old = aged(gateway, tab["access_token"], LIFETIME_S + PROOF_S + 1)
    assert refused(await gateway.refresh(old, cookie))
    over = aged(gateway, tab["access_token"], LIFETIME_S + PROOF_S - 60)
    assert (await gateway.who(over)).status_code == 401
    assert (await gateway.refresh(over, cookie)).status_code == 200


async def test_neither_token_refreshes_without_the_other(gateway: Any) -> None:
    """No cookie, a made-up one, no token, another session's token: 401, and the right pair still works afterwards."""
    tab, cookie = await gateway.session()
    other, _ = await gateway.session()
    forged = tab["access_token"][:-8] + "AAAAAAAA"
    for access, refresh in [
        (tab["access_token"], None),
        (tab["access_token"], "made-up"),
        (other["access_token"], cookie),
        (cookie, cookie),
        ("", cookie),
        (forged, cookie),
    ]:
        assert refused(await gateway.refresh(access, refresh))
    assert (await gateway.refresh(tab["access_token"], cookie)).status_code == 200


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "{url}/", "{url}.evil.example", "{url}:443"])
async def test_only_our_own_page_refreshes(gateway: Any, origin: str) -> None:
    """The exact Origin, or 403, and nothing is spent."""
    tab, cookie = await gateway.session()
    answer = await gateway.refresh(tab["access_token"], cookie, origin=origin.format(url=gateway.url))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert (await gateway.refresh(tab["access_token"], cookie)).status_code == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", '{"access_token": "x"}'),
        ("application/x-www-form-urlencoded", "access_token=x"),
        ("application/json", "{}"),
        ("application/json", '{"access_token": ["x"]}'),
        ("application/json", '{"access_token": "x", "refresh_token": "y"}'),
        ("application/json", '{"access_token": "' + "x" * 1025 + '"}'),
    ],
)
async def test_a_body_that_is_not_ours_is_422(gateway: Any, kind: str, body: str) -> None:
    """What a form of another site can send is not read; nothing but the one field is."""
    headers = {"origin": gateway.url, "content-type": kind}
    answer = await gateway.client.post("/api/v1/session/refresh", content=body, headers=headers)
    assert answer.status_code == 422


async def test_a_double_click_mints_once(gateway: Any) -> None:
    """Of eight at once one gets tokens, the others 409, and the session lives on with what the one got."""
    tab, cookie = await gateway.session()
    answers = await asyncio.gather(*(gateway.refresh(tab["access_token"], cookie) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"conflict"}
    assert not any("set-cookie" in answer.headers for answer in answers if answer.status_code == 409)
    assert len(rows(gateway, "SELECT * FROM refresh_token WHERE spent_at IS NULL")) == 1
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await gateway.who(won["access_token"])).status_code == 200


@pytest.mark.parametrize("difference", [-9.5, 9.5])
async def test_soon_means_ten_seconds_whichever_clock_is_ahead(gateway: Any, difference: float) -> None:
    """Replicas differ by seconds; a double click over two of them is no theft."""
    tab, cookie = await gateway.session()
    assert (await gateway.refresh(tab["access_token"], cookie)).status_code == 200
    spent(gateway, difference)
    assert (await gateway.refresh(tab["access_token"], cookie)).status_code == 409
    assert gateway.registry.get_sample_value(REUSED) == 0


async def test_later_reuse_ends_the_whole_session_and_is_counted_once(gateway: Any) -> None:
    """The thief's, the victim's, access and refresh alike, at once; one event in the trail, one on the counter."""
    tab, cookie = await gateway.session()
    answer = await gateway.refresh(tab["access_token"], cookie)
    renewed, successor = answer.json(), answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert (await gateway.who(renewed["access_token"])).status_code == 200
    spent(gateway, 10)
    for _ in range(2):
        assert refused(await gateway.refresh(tab["access_token"], cookie))
    assert (await gateway.who(renewed["access_token"])).status_code == 401
    assert refused(await gateway.refresh(renewed["access_token"], successor))
    events = rows(
        gateway, "SELECT kind, person_mark IS NOT NULL FROM audit_event WHERE kind = 'session.refresh_reused'"
    )
    assert events == [("session.refresh_reused", 1)]
    assert gateway.registry.get_sample_value(REUSED) == 1


async def test_of_many_late_reuses_at_once_one_is_counted(gateway: Any) -> None:
    """A storm of a thief's pages once."""
    tab, cookie = await gateway.session()
    await gateway.refresh(tab["access_token"], cookie)
    spent(gateway, 60)
    answers = await asyncio.gather(*(gateway.refresh(tab["access_token"], cookie) for _ in range(8)))
    assert all(map(refused, answers))
    assert gateway.registry.get_sample_value(REUSED) == 1
    assert len(rows(gateway, "SELECT * FROM audit_event WHERE kind = 'session.refresh_reused'")) == 1


async def test_other_sessions_of_the_person_live_on(gateway: Any) -> None:
    """A family is one session: the other browser stays signed in."""
    tab, cookie = await gateway.session()
    other, other_cookie = await gateway.session()
    await gateway.refresh(tab["access_token"], cookie)
    spent(gateway, 60)
    assert refused(await gateway.refresh(tab["access_token"], cookie))
    assert (await gateway.refresh(other["access_token"], other_cookie)).status_code == 200


@pytest.mark.parametrize(
    ("column", "moment"), [("last_seen_at", -30 * clock.MINUTE), ("expires_at", 0)], ids=["idle", "absolute"]
)
async def test_a_refresh_can_not_outlive_the_session(gateway: Any, column: str, moment: int) -> None:
    """Thirty minutes without use, or eight hours: then nothing refreshes it, and it is no theft."""
    tab, cookie = await gateway.session()
    change(gateway, f"UPDATE session SET {column} = :at", at=clock.now() + moment)  # noqa: S608  # ours
    for _ in range(2):
        assert refused(await gateway.refresh(tab["access_token"], cookie))
        spent(gateway, 60)
    assert gateway.registry.get_sample_value(REUSED) == 0


async def test_refreshing_is_use_and_moves_no_end(gateway: Any) -> None:
    """The session idles from now on; its absolute end, and the cookie's, stay where they were."""
    tab, cookie = await gateway.session()
    change(gateway, "UPDATE session SET last_seen_at = :at", at=clock.now() - 20 * clock.MINUTE)
    change(gateway, "UPDATE session SET expires_at = expires_at - :ms", ms=clock.HOUR)
    (before,) = rows(gateway, "SELECT last_seen_at, expires_at FROM session")
    answer = await gateway.refresh(tab["access_token"], cookie)
    (after,) = rows(gateway, "SELECT last_seen_at, expires_at FROM session")
    assert after.last_seen_at > before.last_seen_at
    assert after.expires_at == before.expires_at
    assert 7 * 3600 - 60 <= lasting(answer) <= 7 * 3600


async def test_signing_out_takes_the_refresh_token_along(gateway: Any) -> None:
    """The browser is told to forget it, and it would be worth nothing."""
    tab, cookie = await gateway.session()
    answer = await gateway.sign_out(tab["access_token"])
    assert answer.headers["set-cookie"].startswith(f'{api.REFRESH_COOKIE}=""; ')
    assert "Max-Age=0; Path=/;" in answer.headers["set-cookie"]
    assert refused(await gateway.refresh(tab["access_token"], cookie))


async def test_another_replica_denies_the_former_token_within_five_seconds(gateway: Any) -> None:
    """The denied jti is in the database: an answer is believed for five seconds and no longer."""
    moment = 100.0
    tab, cookie = await gateway.session()
    who = gateway.tokens.verify(tab["access_token"], time.time())
    other = LiveSessions(gateway.engine, lambda: moment)
    assert await other(who)
    renewed = (await gateway.refresh(tab["access_token"], cookie)).json()["access_token"]
    moment = 104.9
    assert await other(who)
    moment = 105.0
    assert not await other(who)
    assert await other(gateway.tokens.verify(renewed, time.time()))


async def test_denied_tokens_are_forgotten_when_they_are_over(gateway: Any) -> None:
    """The list holds ten minutes' worth, not a session's."""
    tab, cookie = await gateway.session()
    for _ in range(3):
        answer = await gateway.refresh(tab["access_token"], cookie)
        tab, cookie = answer.json(), answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
        change(gateway, "UPDATE denied_token SET expires_at = 1")
    assert len(rows(gateway, "SELECT * FROM denied_token")) == 1


async def test_the_database_knows_a_hash(gateway: Any, at_rest: Callable[..., bytes]) -> None:
    """No refresh token is in it."""
    _, cookie = await gateway.session()
    assert cookie.encode() not in at_rest(gateway.engine)


async def test_a_session_of_a_destroyed_key_must_sign_in_again(gateway: Any, tmp_path: Any) -> None:
    """What a leaked key signed proves no tab."""
    tab, cookie = await gateway.session()
    keyring = Keyring.open(FileRoot(tmp_path / "root.key", data_folder=tmp_path / "data"), tmp_path / "keys")
    keyring.rotate(Purpose.ACCESS_TOKEN, now=clock.now())
    gateway.tokens.use(TokenKeys(keyring.signing_keys()[0].key))
    assert refused(await gateway.refresh(tab["access_token"], cookie))
