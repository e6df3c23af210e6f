"""From the one-time code to the end of the session, over TLS."""

import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import update

from gateway.identity.jwt import Principal
from gateway.identity.live import LiveSessions
from gateway.store import clock
from gateway.store.tables import exchange_code, session

VERIFIER = "a-verifier-that-only-the-tab-knows-0123456789"
OTHER_VERIFIER = "another-verifier-that-this-tab-made-up-987654"


def refresh_token(answer: Any) -> str:
    return str(answer.headers["set-cookie"].partition(";")[0].partition("=")[2])


def wrong(answer: Any) -> bool:
    return answer.status_code == 400 and answer.json()["code"] == "sign_in_refused"


async def test_a_code_works_once(gateway: Any) -> None:
    """The second exchange gets nothing, with the right verifier."""
    code = await gateway.code()
    assert (await gateway.exchange(code)).status_code == 200
    assert wrong(await gateway.exchange(code))


async def test_of_many_exchanges_at_once_exactly_one_wins(gateway: Any) -> None:
    """Taken atomically: a race mints one token; and as all but one came second, it is worth nothing."""
    code = await gateway.code()
    answers = await asyncio.gather(*(gateway.exchange(code) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    (won,) = [answer.json()["access_token"] for answer in answers if answer.status_code == 200]
    assert (await gateway.who(won)).status_code == 401
    assert replays(gateway) == 1


def replays(gateway: Any) -> float:
    """How many were counted; as many are in the log, each about its person."""
    with gateway.engine.begin() as connection:
        rows = connection.exec_driver_sql(
            "SELECT outcome, person_mark IS NOT NULL FROM audit_event WHERE kind = 'session.code_replayed'"
        ).all()
    counted = float(gateway.registry.get_sample_value("gateway_code_replay_total"))
    assert rows == [("refused", 1)] * int(counted)
    return counted


@pytest.mark.parametrize("verifier", [VERIFIER, OTHER_VERIFIER], ids=["by the tab", "by a thief"])
async def test_a_codes_second_use_ends_the_session_of_its_first(gateway: Any, verifier: str) -> None:
    """Somebody has seen the fragment: neither token works any more, and it is told once, however often it comes."""
    code = await gateway.code()
    answer = await gateway.exchange(code)
    tab = answer.json()
    assert (await gateway.who(tab["access_token"])).status_code == 200
    assert replays(gateway) == 0
    for _ in range(3):
        assert wrong(await gateway.exchange(code, verifier))
    assert (await gateway.who(tab["access_token"])).status_code == 401
    assert (await gateway.refresh(tab["access_token"], refresh_token(answer))).status_code == 401
    assert replays(gateway) == 1


async def test_a_wrong_verifiers_use_is_a_first_use(gateway: Any) -> None:
    """Whoever was quicker than the tab leaves it nothing, and the session that was waiting ends."""
    code = await gateway.code()
    assert wrong(await gateway.exchange(code, OTHER_VERIFIER))
    assert wrong(await gateway.exchange(code))
    assert replays(gateway) == 1


async def test_a_code_that_is_over_ends_nothing(gateway: Any) -> None:
    """What lies in a browser's history, a minute later, signs nobody out."""
    code = await gateway.code()
    token = (await gateway.exchange(code)).json()["access_token"]
    with gateway.engine.begin() as connection:
        connection.execute(update(exchange_code).values(expires_at=clock.now()))
    assert wrong(await gateway.exchange(code))
    assert (await gateway.who(token)).status_code == 200
    assert replays(gateway) == 0


async def test_a_replay_leaves_other_sessions_alone(gateway: Any) -> None:
    """It is about one session, not about the person."""
    other = await gateway.sign_in()
    code = await gateway.code()
    await gateway.exchange(code)
    assert wrong(await gateway.exchange(code))
    assert (await gateway.who(other["access_token"])).status_code == 200


async def test_why_a_code_got_nothing_is_in_the_log_alone(gateway: Any) -> None:
    """Counted by reason; who asks is told one sentence."""
    used, foreign = await gateway.code(), await gateway.code()
    await gateway.exchange(used)
    await gateway.exchange("made-up")
    await gateway.exchange(used)
    await gateway.exchange(foreign, OTHER_VERIFIER)
    await gateway.audit.flush(gateway.engine)
    with gateway.engine.begin() as connection:
        query = "SELECT reason FROM audit_event WHERE kind = 'session.exchange' AND outcome = 'refused' ORDER BY seq"
        reasons = list(connection.exec_driver_sql(query).scalars())
    assert reasons == ["unknown", "replayed", "other_tab"]


async def test_a_wrong_verifier_gets_nothing_and_uses_the_code_up(gateway: Any) -> None:
    """Whoever saw the fragment but is not the tab can't trade it, nor try again."""
    code = await gateway.code()
    assert wrong(await gateway.exchange(code, OTHER_VERIFIER))
    assert wrong(await gateway.exchange(code))


async def test_the_challenge_is_no_verifier(gateway: Any) -> None:
    """Knowing what went over the wire at the start is not enough."""
    code = await gateway.code()
    challenge = urlsafe_b64encode(sha256(b"a-verifier-that-only-the-tab-knows-0123456789").digest()).rstrip(b"=")
    assert wrong(await gateway.exchange(code, challenge.decode()))


async def test_a_code_ends_after_a_minute(gateway: Any) -> None:
    """By the row's own date, which lies 60 s ahead."""
    code = await gateway.code()
    with gateway.engine.begin() as connection:
        ends = connection.exec_driver_sql("SELECT expires_at FROM exchange_code").scalar_one()
        connection.exec_driver_sql("UPDATE exchange_code SET expires_at = 1")
    assert 50_000 < ends - clock.now() <= 60_000
    assert wrong(await gateway.exchange(code))


async def test_every_refusal_of_an_exchange_is_the_same(gateway: Any) -> None:
    """Unknown, used, old or another tab's: no oracle."""
    used, foreign = await gateway.code(), await gateway.code()
    await gateway.exchange(used)
    refusals = [
        await gateway.exchange("made-up"),
        await gateway.exchange(used),
        await gateway.exchange(foreign, OTHER_VERIFIER),
    ]
    told = [{**answer.json(), "trace_id": ""} for answer in refusals]
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "x"},
        {"code": "x", "verifier": "short"},
        {"code": "x" * 129, "verifier": "v" * 43},
        {"code": "x", "verifier": "v" * 129},
        {"code": "x", "verifier": "v" * 43, "more": 1},
        {"code": ["x"], "verifier": "v" * 43},
    ],
)
async def test_a_malformed_exchange_is_422(gateway: Any, body: dict[str, Any]) -> None:
    """Closed input: exactly the two fields, in their form."""
    assert (await gateway.client.post("/api/v1/session/exchange", json=body)).status_code == 422


async def test_json_must_be_announced_as_json(gateway: Any) -> None:
    """What a cross-site form can send (text/plain, no preflight) is not read."""
    body = '{"challenge": "' + "c" * 43 + '"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await gateway.client.post("/api/v1/session/sign-in", content=body, headers={"content-type": kind})
        assert answer.status_code == 422


async def test_access_tokens_are_in_bodies_only(gateway: Any) -> None:
    """Never in a URL, a cookie or any other header; Microsoft's tokens nowhere."""
    url, cookie = await gateway.start()
    back = await gateway.callback(await gateway.authorize(url), cookie)
    answer = await gateway.exchange(back.headers["location"].removeprefix("/#code="))
    token = answer.json()["access_token"]
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "mailboxes"}
    assert answer.headers.get_list("set-cookie") == [answer.headers["set-cookie"]]  # the refresh token's, no other
    assert all(token not in value for value in [*answer.headers.values(), *back.headers.values()])
    assert answer.headers["cache-control"] == back.headers["cache-control"] == "no-store"


async def test_sign_out_is_effective_at_once_for_every_token_of_the_session(gateway: Any) -> None:
    """Also for a token that this replica verified a moment ago, and only for that session."""
    first, second = [(await gateway.sign_in())["access_token"] for _ in range(2)]
    for _ in range(2):
        assert (await gateway.who(first)).status_code == 200
    signed_out = await gateway.sign_out(first)
    assert (signed_out.status_code, signed_out.headers["clear-site-data"]) == (204, '"cache", "storage"')
    assert (await gateway.who(first)).status_code == 401
    assert (await gateway.who(second)).status_code == 200


async def test_sign_out_wins_over_a_check_under_way(gateway: Any) -> None:
    """A "live" that was read before the revocation must not be believed after it."""
    token = (await gateway.sign_in())["access_token"]
    who = gateway.tokens.verify(token, time.time())
    live = LiveSessions(gateway.engine)
    check = asyncio.create_task(live(who))
    await asyncio.sleep(0)  # it has begun to ask
    live.end(who.session_id)
    assert not await check
    assert not await live(who)


async def test_another_replica_learns_of_it_within_five_seconds(gateway: Any) -> None:
    """An answer is believed for five seconds and no longer."""
    moment = 100.0
    token = (await gateway.sign_in())["access_token"]
    who = gateway.tokens.verify(token, time.time())
    other = LiveSessions(gateway.engine, lambda: moment)
    assert await other(who)
    await gateway.sign_out(token)
    moment = 104.9
    assert await other(who)
    moment = 105.0
    assert not await other(who)


@pytest.mark.parametrize(
    ("column", "moment"),
    [("last_seen_at", -30 * clock.MINUTE), ("expires_at", 0), ("revoked_at", 0)],
    ids=["idle", "absolute", "revoked"],
)
async def test_a_session_ends_by_itself(gateway: Any, column: str, moment: int) -> None:
    """Idle for 30 minutes, eight hours old, or revoked by an operator in the database."""
    token = (await gateway.sign_in())["access_token"]
    with gateway.engine.begin() as connection:
        row = connection.exec_driver_sql("SELECT created_at, expires_at FROM session").one()
        connection.execute(update(session).values({column: clock.now() + moment}))
    assert row.expires_at - row.created_at == 8 * clock.HOUR
    assert (await gateway.who(token)).status_code == 401


async def test_use_keeps_a_session_from_idling_out(gateway: Any) -> None:
    """A request is noted; the absolute end does not move."""
    token = (await gateway.sign_in())["access_token"]
    with gateway.engine.begin() as connection:
        old = clock.now() - 20 * clock.MINUTE
        connection.execute(update(session).values(last_seen_at=old))
        ends = connection.exec_driver_sql("SELECT expires_at FROM session").scalar_one()
    await gateway.who(token)
    with gateway.engine.begin() as connection:
        row = connection.exec_driver_sql("SELECT last_seen_at, expires_at FROM session").one()
    assert row.last_seen_at > old
    assert row.expires_at == ends


async def test_a_database_that_does_not_answer_is_no_yes(gateway: Any, cut_off: Callable[..., None]) -> None:
    """503, not in: liveness that can't be known is not live."""
    token = (await gateway.sign_in())["access_token"]
    cut_off(gateway.engine, "session")
    answer = await gateway.who(token)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_a_session_of_nobody_is_not_live(gateway: Any) -> None:
    """A good signature over a made-up session opens nothing."""
    token = gateway.tokens.mint(Principal("per_made", "ses_up", "jti"), int(time.time()))
    assert (await gateway.who(token)).status_code == 401
