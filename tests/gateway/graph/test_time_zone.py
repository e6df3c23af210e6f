"""A mailbox's time zone: Outlook's names, IANA's, and what neither is."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tzlocal.windows_tz import win_tz

from gateway.graph.errors import AnswerGarbled, Refused
from gateway.graph.time_zone import iana


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("UTC", "Etc/UTC"),
        ("Europe/Zurich", "Europe/Zurich"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("tzone://Microsoft/Custom", None),
        ("Customized Time Zone", None),
        ("europe/zurich", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_names_of_both_kinds_are_known_and_no_others(name: str, zone: str | None) -> None:
    """What comes out is of a closed table."""
    assert iana(name) == zone


def test_every_zone_of_the_table_is_one() -> None:
    """Each leads to rules of a clock."""
    assert all(ZoneInfo(zone).key == zone for zone in win_tz.values())


async def test_one_property_is_asked_for(graph: Any, desk: Any, reply: Any) -> None:
    """$select=timeZone, and nothing else of the settings."""
    graph.replies = [reply.of({"timeZone": "Tokyo Standard Time"})]
    assert await desk.reader.time_zone() == "Asia/Tokyo"
    assert [request.target for request in graph.requests] == ["/v1.0/me/mailboxSettings?$select=timeZone"]


@pytest.mark.parametrize("document", [{}, {"timeZone": None}, {"timeZone": "Mars Standard Time"}])
async def test_no_zone_is_none(graph: Any, desk: Any, reply: Any, document: dict[str, object]) -> None:
    """Absent, null or unheard of."""
    graph.replies = [reply.of(document)]
    assert await desk.reader.time_zone() is None


async def test_a_refusal_is_a_refusal_and_nonsense_is_nonsense(graph: Any, desk: Any, reply: Any) -> None:
    """What it means to the mailbox is not decided here."""
    graph.replies = [reply(403, b'{"error": {"code": "ErrorAccessDenied"}}'), reply.of({"timeZone": 5})]
    with pytest.raises(Refused):
        await desk.reader.time_zone()
    with pytest.raises(AnswerGarbled):
        await desk.reader.time_zone()
