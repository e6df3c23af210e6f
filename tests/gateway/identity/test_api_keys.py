"""API keys over TLS: made by a person, shown once, for their scopes, their mailbox, their time."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.identity import api_key
from gateway.identity.api_keys import ApiKeys
from gateway.identity.jwt import REFUSED
from gateway.identity.live import LiveSessions
from gateway.store import clock, people, sessions
from gateway.store.api_keys import MOST
from gateway.store.codes import Scope

WANTED = {"name": "Nightly sort", "scopes": ["read", "scan"], "expires_in_days": 30}


async def ask(gateway: Any, method: str, path: str, token: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    answer: httpx.Response = await gateway.client.request(method, path, headers=headers, **options)
    return answer


async def make(gateway: Any, token: str, **changed: Any) -> dict[str, Any]:
    answer = await ask(gateway, "POST", "/api/v1/api-keys", token, json={**WANTED, **changed})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def listed(gateway: Any, token: str) -> list[dict[str, Any]]:
    answer = await ask(gateway, "GET", "/api/v1/api-keys", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def refused(answer: httpx.Response) -> bool:
    problem = answer.json()
    told = (answer.status_code, problem["code"], problem["detail"], answer.headers["www-authenticate"])
    return told == (401, "unauthenticated", REFUSED, "Bearer")


async def test_a_key_is_shown_once_and_opens_what_it_is_for(gateway: Any) -> None:
    """The answer to making it has its text, no list has; it speaks for its maker until its end."""
    tab = await gateway.sign_in()
    made = await make(gateway, tab["access_token"])
    text = made.pop("key")
    assert api_key.is_one(text)
    assert (made["name"], made["scopes"], made["mailbox_id"], made["last_used_on"]) == (
        *("Nightly sort", ["read", "scan"], None, None),
    )
    assert await listed(gateway, tab["access_token"]) == [made]
    mine, theirs = [(await gateway.who(token)).json()["person"] for token in (tab["access_token"], text)]
    assert mine == theirs


async def test_only_a_hash_is_kept_and_the_name_is_sealed(gateway: Any, at_rest: Callable[..., bytes]) -> None:
    """Neither the key nor what it is called is in the database or its log."""
    made = await make(gateway, (await gateway.sign_in())["access_token"], name="Erikas canary name")
    await gateway.who(made["key"])
    kept = at_rest(gateway.engine)
    assert made["key"].encode() not in kept
    assert b"canary" not in kept
    assert api_key.digest(made["key"]) in kept


async def test_a_key_makes_sees_and_ends_no_key(gateway: Any) -> None:
    """Not even one that may do everything else: keys are a person's affair. Nor does it sign out."""
    tab = await gateway.sign_in()
    made = await make(gateway, tab["access_token"], scopes=[scope.value for scope in Scope])
    for method, path in [
        ("GET", "/api/v1/api-keys"),
        ("POST", "/api/v1/api-keys"),
        ("DELETE", f"/api/v1/api-keys/{made['id']}"),
        ("DELETE", "/api/v1/session"),
    ]:
        answer = await ask(gateway, method, path, made["key"], **({"json": WANTED} if method == "POST" else {}))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert len(await listed(gateway, tab["access_token"])) == 1


async def test_a_revoked_key_is_refused_at_once_and_for_ever(gateway: Any) -> None:
    """Also one that was believed a moment ago; only its owner can revoke it, and only once."""
    tab = await gateway.sign_in()
    other = await gateway.sign_in(user="second@sandbox.test")
    made, kept = [await make(gateway, tab["access_token"]) for _ in range(2)]
    path = f"/api/v1/api-keys/{made['id']}"
    assert (await gateway.who(made["key"])).status_code == 200
    assert (await ask(gateway, "DELETE", path, other["access_token"])).status_code == 404
    assert (await gateway.who(made["key"])).status_code == 200
    assert (await ask(gateway, "DELETE", path, tab["access_token"])).status_code == 204
    assert refused(await gateway.who(made["key"]))
    assert (await ask(gateway, "DELETE", path, tab["access_token"])).status_code == 404
    assert (await gateway.who(kept["key"])).status_code == 200


async def test_another_replica_learns_of_it_within_five_seconds(gateway: Any) -> None:
    """An answer is believed for five seconds and no longer."""
    moment = 100.0
    tab = await gateway.sign_in()
    made = await make(gateway, tab["access_token"])
    other = ApiKeys(
        gateway.engine,
        gateway.vault,
        LiveSessions(gateway.engine),
        gateway.audit,
        max_days=90,
        monotonic=lambda: moment,
    )
    assert (await other(made["key"])).key_id == made["id"]
    await ask(gateway, "DELETE", f"/api/v1/api-keys/{made['id']}", tab["access_token"])
    moment = 104.9
    assert (await other(made["key"])).key_id == made["id"]
    moment = 105.0
    with pytest.raises(Exception, match="API key"):
        await other(made["key"])


async def test_a_key_ends_by_itself_also_when_it_is_remembered(gateway: Any, monkeypatch: Any) -> None:
    """By its own date, looked at each time."""
    tab = await gateway.sign_in()
    made = await make(gateway, tab["access_token"], expires_in_days=1)
    assert (await gateway.who(made["key"])).status_code == 200
    end = clock.now() + clock.DAY
    monkeypatch.setattr(clock, "now", lambda: end)
    assert refused(await gateway.who(made["key"]))


@pytest.mark.parametrize("days", [0, -1, 91, 10**9])
async def test_a_key_lives_for_as_long_as_the_operator_allows(gateway: Any, days: int) -> None:
    """90 days here; longer and not at all are refused."""
    token = (await gateway.sign_in())["access_token"]
    answer = await ask(gateway, "POST", "/api/v1/api-keys", token, json={**WANTED, "expires_in_days": days})
    assert answer.status_code in {400, 422}
    assert (await make(gateway, token, expires_in_days=90))["expires_at"]


@pytest.mark.parametrize(
    "changed",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["MOVE"]},
        {"scopes": "move"},
        {"name": ""},
        {"name": "x" * 65},
        {"name": "a\nb"},
        {"name": "a\u0000"},
        {"expires_in_days": "30"},
        {"expires_in_days": 1.5},
        {"person_id": "per_other"},
    ],
)
async def test_a_malformed_wish_is_422(gateway: Any, changed: dict[str, Any]) -> None:
    """Closed input: known scopes, a short name, whole days, nothing else."""
    token = (await gateway.sign_in())["access_token"]
    answer = await ask(gateway, "POST", "/api/v1/api-keys", token, json={**WANTED, **changed})
    assert answer.status_code == 422
    assert await listed(gateway, token) == []


async def test_a_lone_surrogate_is_no_name(gateway: Any) -> None:
    """It can't be written as UTF-8: refused, not a crash."""
    token = (await gateway.sign_in())["access_token"]
    body = b'{"name": "\\ud800", "scopes": ["read"], "expires_in_days": 1}'
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    assert (await gateway.client.post("/api/v1/api-keys", content=body, headers=headers)).status_code == 422


async def test_a_key_for_another_s_mailbox_is_not_made(gateway: Any) -> None:
    """It is as absent as one that isn't."""
    tab, other = await gateway.sign_in(), await gateway.sign_in(user="second@sandbox.test")
    for mailbox in (other["mailboxes"][0], "mbx_none"):
        body = {**WANTED, "mailbox_id": mailbox}
        answer = await ask(gateway, "POST", "/api/v1/api-keys", tab["access_token"], json=body)
        assert answer.status_code == 404
    assert (await make(gateway, tab["access_token"], mailbox_id=tab["mailboxes"][0]))["mailbox_id"]


async def test_a_person_has_twenty_keys_and_no_more(gateway: Any) -> None:
    """However many are asked for at once."""
    token = (await gateway.sign_in())["access_token"]
    asked = (ask(gateway, "POST", "/api/v1/api-keys", token, json=WANTED) for _ in range(MOST + 5))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201] * MOST + [409] * 5
    assert len(await listed(gateway, token)) == MOST


async def test_revoking_a_person_takes_sessions_tokens_and_keys(gateway: Any) -> None:
    """Sign-out everywhere, or an operator: access token, refresh token and key are all worth nothing, at once."""
    tab, cookie = await gateway.session()
    key = (await make(gateway, tab["access_token"]))["key"]
    person = (await gateway.who(key)).json()["person"]
    with gateway.engine.begin() as connection:
        gateway.live.end(*sessions.revoke_person(connection, person, now=clock.now()))
    assert refused(await gateway.who(tab["access_token"]))
    assert refused(await gateway.who(key))
    assert refused(await gateway.refresh(tab["access_token"], cookie))


async def test_an_erased_person_s_keys_are_gone(gateway: Any) -> None:
    """With everything else that is plain."""
    tab = await gateway.sign_in()
    made = await make(gateway, tab["access_token"])
    person = (await gateway.who(made["key"])).json()["person"]
    with gateway.engine.begin() as connection:
        gateway.vault.erase_key(connection, person)
        people.erase_rows(connection, person)
    fresh = ApiKeys(gateway.engine, gateway.vault, LiveSessions(gateway.engine), gateway.audit, max_days=90)
    with pytest.raises(Exception, match="API key"):
        await fresh(made["key"])


async def test_making_and_revoking_leave_a_trace(gateway: Any) -> None:
    """Two events in the trail, in the transactions that they tell of; using it is noted by the day."""
    tab = await gateway.sign_in()
    made = await make(gateway, tab["access_token"])
    await gateway.who(made["key"])
    (seen,) = await listed(gateway, tab["access_token"])
    assert seen["last_used_on"] is not None
    await ask(gateway, "DELETE", f"/api/v1/api-keys/{made['id']}", tab["access_token"])
    with gateway.engine.begin() as connection:
        kinds = list(connection.exec_driver_sql("SELECT kind FROM audit_event ORDER BY seq").scalars())
    assert [kind for kind in kinds if kind.startswith("api_key.")] == ["api_key.made", "api_key.revoked"]


async def test_a_database_that_does_not_answer_is_no_yes(gateway: Any, cut_off: Callable[..., None]) -> None:
    """503, not in."""
    key = (await make(gateway, (await gateway.sign_in())["access_token"]))["key"]
    cut_off(gateway.engine, "api_key")
    answer = await gateway.who(key)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
