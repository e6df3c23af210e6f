"""Lines that strangers can cause: a few a minute, and how many were not written."""

import json

import pytest

from chassis import logs
from chassis.sparing import MINUTE_S, MOST, Sparing


def test_a_flood_leaves_ten_lines_a_minute_and_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    """The next minute's first line says how many were not written, and the counting begins anew."""
    moment = 0.0
    line = Sparing(logs.get("test"), "request.malformed", now=lambda: moment)
    for _ in range(1000):
        line.say(reason="ambiguous")
    moment = MINUTE_S - 0.1
    line.say(reason="ambiguous")
    moment = MINUTE_S
    for _ in range(2):
        line.say(reason="trailer")
    told = [json.loads(one) for one in capsys.readouterr().err.splitlines()]
    assert [one["untold"] for one in told] == [0] * MOST + [1001 - MOST, 0]
    assert {(one["event"], one["level"]) for one in told} == {("request.malformed", "warning")}
    assert [one["reason"] for one in told[-2:]] == ["trailer", "trailer"]
