"""The table of limits: every route in one class, and no way to be kept from taking back."""

from typing import Any

import pytest

from gateway.edge.bucket import Policy
from gateway.edge.limiter import LocalLimiter
from gateway.edge.limits import AUTHENTICATION, FAILURES, TABLE, By, Limits, RouteClass, route_class
from gateway.edge.tokens import OPEN_ROUTES
from gateway.settings import LimitSettings

BOX = "/api/v1/mailboxes/mbx_1"
CLASSES = [
    ("GET", "/", RouteClass.PAGES),
    ("GET", "/static/style.css", RouteClass.PAGES),
    ("POST", "/api/v1/session/sign-in", RouteClass.SESSION),
    ("GET", "/api/v1/status", RouteClass.SESSION),
    ("GET", "/api/v1/sub-processors", RouteClass.SESSION),
    ("GET", "/api/v1/mailboxes", RouteClass.READS),
    ("GET", f"{BOX}/scans", RouteClass.READS),
    ("GET", f"{BOX}/moves/mov_1", RouteClass.READS),
    ("PATCH", f"{BOX}/folders/fld_1", RouteClass.READS),
    ("GET", "/api/v1/nowhere", RouteClass.READS),
    ("POST", f"{BOX}/scans", RouteClass.WORK),
    ("POST", f"{BOX}/moves", RouteClass.WORK),
    ("POST", f"{BOX}/folders/fld_a/trial", RouteClass.WORK),
    ("POST", f"{BOX}/moves/mov_1/undo", RouteClass.BACK),
    ("POST", f"{BOX}/scans/scn_1/cancel", RouteClass.BACK),
    ("DELETE", "/api/v1/session", RouteClass.BACK),
    ("DELETE", f"{BOX}/corrections/cor_1", RouteClass.BACK),
]


@pytest.mark.parametrize(("method", "path", "expected"), CLASSES)
def test_every_request_has_its_class(method: str, path: str, expected: RouteClass) -> None:
    """By method and path alone."""
    assert route_class(method, path) is expected


def test_every_class_is_limited() -> None:
    """None is without a rule, every rule has its policy under its own name, and open routes count by address."""
    limits = Limits()
    rules = [rule for rules in TABLE.values() for rule in rules] + [FAILURES]
    assert set(TABLE) == set(RouteClass)
    assert all(TABLE.values())
    assert {limits.of(rule).name for rule in rules} == {rule.name for rule in rules} == set(Limits._fields)
    assert {rule.by for kind in (RouteClass.SESSION, RouteClass.PAGES) for rule in TABLE[kind]} == {By.ADDRESS}
    assert {route_class(*route) for route in OPEN_ROUTES} == {RouteClass.SESSION}
    assert set(AUTHENTICATION) <= set(Limits._fields)


def test_settings_say_requests_a_minute_by_the_same_names() -> None:
    """What is not set is as in the table."""
    assert LimitSettings().limits == Limits()
    assert LimitSettings(person=7).limits.person == Policy("person", 7, 60)


async def test_whoever_used_up_everything_can_still_take_back(make_edge: Any) -> None:
    """Reads and work are exhausted, for the person and for the address: signing out and undo go through."""
    once = {name: Policy(name, 1, 3600) for name in ("address", "person", "work")}
    front = make_edge(limits=Limits(**once))
    headers = {"authorization": "Bearer good-token"}
    async with front.client() as client:
        assert (await client.get("/api/v1/things/1", headers=headers)).status_code == 200
        assert (await client.get("/api/v1/things/1", headers=headers)).status_code == 429
        assert (await client.delete("/api/v1/things/1", headers=headers)).status_code == 405  # reached the routes
        assert (await client.post(f"{BOX}/moves/mov_1/undo", headers=headers)).status_code == 404


async def test_a_refusal_says_which_limits_and_how_long(make_edge: Any) -> None:
    """RFC 9457 with the registered type; all limits that apply in the headers, the violated ones in the body."""
    limits = Limits(person=Policy("person", 1, 60), work=Policy("work", 1, 3600), address=Policy("address", 9, 60))
    front = make_edge(limits=limits)
    async with front.client() as client:
        for _ in range(2):
            answer = await client.post(f"{BOX}/scans", headers={"authorization": "Bearer good-token"})
    assert answer.status_code == 429
    problem = answer.json()
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert problem["code"] == "quota_exceeded"
    assert problem["violated-policies"] == ["person", "work"]
    assert problem["retry_after"] == int(answer.headers["retry-after"]) == 3600
    assert answer.headers["ratelimit-policy"] == '"address";q=9;w=60,"person";q=1;w=60,"work";q=1;w=3600'
    assert answer.headers["ratelimit"] == '"address";r=8;t=0,"person";r=0;t=60,"work";r=0;t=3600'


async def test_many_people_behind_one_address_share_its_limit(make_edge: Any) -> None:
    """However many tokens somebody has, the address has its own limit."""
    front = make_edge(limits=Limits(address=Policy("address", 2, 3600)))
    async with front.client() as client:
        statuses = [
            (await client.get("/api/v1/things/1", headers={"authorization": f"Bearer {token}-token"})).status_code
            for token in ("good", "other", "good", "other")
        ]
    assert statuses == [200, 200, 429, 429]


async def test_one_person_at_two_addresses_meets_the_limit_of_each(make_edge: Any) -> None:
    """What was met at one is nothing that is remembered of the other."""
    front = make_edge(limits=Limits(address=Policy("address", 2, 3600)))
    statuses = []
    for address in ("203.0.113.7", "198.51.100.7", "203.0.113.7", "198.51.100.7", "203.0.113.7"):
        async with front.client(address) as client:
            answer = await client.get("/api/v1/things/1", headers={"authorization": "Bearer good-token"})
            statuses.append(answer.status_code)
    assert statuses == [200, 200, 200, 200, 429]


async def test_an_api_key_has_a_limit_of_its_own_within_its_person(make_edge: Any) -> None:
    """Two keys of one person: each has its own, the person's holds for both; without a key it is not met."""
    front = make_edge(limits=Limits(key=Policy("key", 2, 3600), person=Policy("person", 5, 3600)))
    async with front.client() as client:
        answers = [
            await client.get("/api/v1/things/1", headers={"authorization": f"Bearer {name}"})
            for name in ("key-one", "key-one", "key-one", "key-two", "key-two", "good-token", "good-token")
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200, 200, 200, 429]
    assert answers[2].json()["violated-policies"] == ["key"]
    assert answers[6].json()["violated-policies"] == ["person"]
    assert '"key"' not in answers[5].headers["ratelimit-policy"]


async def test_parallel_requests_at_the_last_one_pass_once_in_process() -> None:
    """The limiter of one process is exact, too."""
    import asyncio

    from gateway.edge.bucket import Charge

    limiter = LocalLimiter(lambda: 0.0)
    charge = Charge(Policy("p", 10, 60), b"k" * 16)
    grants = await asyncio.gather(*(limiter.take([charge]) for _ in range(59)))
    assert sum(grant.allowed for (grant,) in grants) == 10
