"""What is held about a person, as they read it."""

from typing import Any

from gateway.rights.statement import ENDS_BY_ITSELF


def test_it_says_what_is_held_with_this_installations_days(watched: Any) -> None:
    """No recent sign-in is asked for, and nothing of anybody is in it."""
    items = watched.ask("GET", "/api/v1/me/data", 200).json()["items"]
    assert all(set(one) == {"what", "why", "kept_for", "exported"} for one in items)
    phrases = {one["kept_for"] for one in items}
    assert "365 days" in phrases
    assert ENDS_BY_ITSELF in phrases
    assert len(items) > 25
