"""A person's sessions, as they see and end them."""

from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import update

from gateway.store import clock
from gateway.store.engine import reading
from gateway.store.tables import session

HOURS_8 = 8 * 3600


async def ask(gateway: Any, method: str, token: str, path: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    answer: httpx.Response = await gateway.client.request(method, f"/api/v1/sessions{path}", headers=headers)
    return answer


async def listed(gateway: Any, token: str) -> list[dict[str, Any]]:
    answer = await ask(gateway, "GET", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def signed_in(gateway: Any, **who: str) -> tuple[str, str]:
    """The access token and the session's id."""
    token = (await gateway.sign_in(**who))["access_token"]
    return token, (await gateway.who(token)).json()["session"]


async def test_the_list_is_what_is_live(gateway: Any) -> None:
    """Newest first, the asking one marked; times of its beginning, use and end; no word about a device."""
    first, second = await signed_in(gateway), await signed_in(gateway)
    found = await listed(gateway, first[0])
    assert [one["id"] for one in found] == [second[1], first[1]]
    assert [one["current"] for one in found] == [False, True]
    assert {name for one in found for name in one} == {"id", "started_at", "last_used_at", "ends_at", "current"}
    began, used, ends = (datetime.fromisoformat(found[1][name]) for name in ("started_at", "last_used_at", "ends_at"))
    assert (ends - began).total_seconds() == HOURS_8
    assert 0 <= (datetime.now(UTC) - began).total_seconds() < 60
    assert began <= used
    assert (await gateway.sign_out(second[0])).status_code == 204
    assert [one["id"] for one in await listed(gateway, first[0])] == [first[1]]


async def test_what_idled_out_or_is_over_is_not_listed(gateway: Any) -> None:
    """As the edge would refuse it."""
    (token, kept), (_, idle), (_, over) = [await signed_in(gateway) for _ in range(3)]
    with gateway.engine.begin() as connection:
        for column, one, at in (("last_seen_at", idle, 31), ("expires_at", over, 1)):
            before = clock.now() - at * clock.MINUTE
            connection.execute(update(session).where(session.c.id == one).values({column: before}))
    assert [one["id"] for one in await listed(gateway, token)] == [kept]


async def test_an_ended_session_is_refused_at_once(gateway: Any) -> None:
    """Ended from another device: every token of it is worth nothing; the other goes on; it leaves one event."""
    (here, _), (lost, session) = await signed_in(gateway), await signed_in(gateway)
    ended = await ask(gateway, "DELETE", here, f"/{session}")
    assert (ended.status_code, ended.headers.get("clear-site-data")) == (204, None)
    assert (await gateway.who(lost)).status_code == 401
    assert (await gateway.who(here)).status_code == 200
    assert (await ask(gateway, "DELETE", here, f"/{session}")).status_code == 404
    with reading(gateway.engine) as connection:
        events = connection.exec_driver_sql("SELECT object_id FROM audit_event WHERE kind = 'session.sign_out'").all()
    assert [row[0] for row in events] == [session]


async def test_ending_the_asking_session_is_signing_out(gateway: Any) -> None:
    """Its page is told to forget what it has."""
    token, session = await signed_in(gateway)
    ended = await ask(gateway, "DELETE", token, f"/{session}")
    assert (ended.status_code, ended.headers["clear-site-data"]) == (204, '"cache", "storage"')
    assert (await gateway.who(token)).status_code == 401


async def test_another_persons_session_is_neither_seen_nor_ended(gateway: Any) -> None:
    """As absent as one that there isn't, in the same words; it goes on."""
    (mine, _), (theirs, session) = await signed_in(gateway), await signed_in(gateway, user="second@sandbox.test")
    assert session not in {one["id"] for one in await listed(gateway, mine)}
    refused = await ask(gateway, "DELETE", mine, f"/{session}")
    absent = await ask(gateway, "DELETE", mine, "/ses_nobodys")
    assert refused.status_code == absent.status_code == 404
    assert {**refused.json(), "trace_id": ""} == {**absent.json(), "trace_id": ""}
    assert (await gateway.who(theirs)).status_code == 200
