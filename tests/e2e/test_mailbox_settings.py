"""The owner's time zone, where Microsoft says it and where it doesn't."""

from typing import Any

SETTINGS = "GET /me/mailboxSettings"


def test_the_zone_is_told_by_its_common_name(watched: Any) -> None:
    """Outlook's own name for it goes no further."""
    assert watched.ask("GET", "/settings", 200).json() == {"time_zone": "Europe/Berlin"}


def test_a_personal_account_has_none_and_all_else_works(watched: Any) -> None:
    """Microsoft refuses to say, in spite of the permission: null, and no sign-in is asked for."""
    with watched.faulty({"fault": "personal_account", "rate": 1.0, "route": SETTINGS}):
        assert watched.ask("GET", "/settings", 200).json() == {"time_zone": None}
    (mailbox,) = watched.ask("GET", "/api/v1/mailboxes", 200).json()["items"]
    assert mailbox["needs_sign_in"] is None


def test_graph_away_is_an_error_and_not_no_zone(watched: Any) -> None:
    """Nobody is told that they have no zone because a line was down."""
    with watched.faulty({"fault": "unavailable", "rate": 1.0, "retry_after": "0.01", "route": SETTINGS}):
        assert watched.ask("GET", "/settings").status_code == 503
