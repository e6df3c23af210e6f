"""Limits and quotas where a program meets them: told on every answer, and refused with when to come back."""

import re
from typing import Any

ITEM = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


def test_every_answer_says_what_is_left(installation: Any) -> None:
    """RateLimit and RateLimit-Policy name the same limits, and what is left falls by the request."""
    answers = [installation.house.ask("GET", "/api/v1/session", 200) for _ in range(2)]
    left = [{name: int(rest) for name, rest, _ in ITEM.findall(one.headers["ratelimit"])} for one in answers]
    assert set(left[0]) == {"address", "person"}
    assert set(re.findall(r'"(\w+)";q=', answers[0].headers["ratelimit-policy"])) == set(left[0])
    assert left[1]["person"] < left[0]["person"]


def test_who_guesses_is_refused_and_told_when_to_come_back(installation: Any, calling_from: Any) -> None:
    """Guessed codes run dry as 429 with Retry-After; somebody with another address is served meanwhile."""
    with calling_from(installation.house, "127.0.0.85") as guesser:
        answers = [guesser.post("/api/v1/session/exchange", json={}) for _ in range(40)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert [one.status_code for one in answers[-len(refused) :]] == [429] * len(refused)
    assert 0 < int(refused[0].headers["retry-after"]) <= 60
    assert refused[0].json()["code"] == "quota_exceeded"
    assert installation.house.ask("GET", "/api/v1/session").status_code == 200


def test_a_person_sees_their_quotas(installation: Any) -> None:
    """What the plan gives, what is used of it, and when it begins anew."""
    items = installation.house.ask("GET", "/api/v1/quota", 200).json()["items"]
    assert {one["name"] for one in items} >= {"scans_a_month"}
    assert all(set(one) >= {"name", "used", "most", "resets_at"} for one in items)
