"""What is recorded, as operator and owner meet it: a running installation's log verifies, and shows owners theirs."""

from typing import Any

from click.testing import CliRunner

from cli.main import main


def test_the_log_of_a_running_installation_verifies(installation: Any) -> None:
    """By the operator's own command, beside the running gateway, with events in it."""
    settings = installation.house.place.path("settings", "gateway.toml")
    assert installation.house.query("SELECT count(*) > 0 FROM audit_event") == [(1,)]
    result = CliRunner().invoke(main, ["audit", "verify", "--settings", str(settings)])
    assert result.exit_code == 0, result.output


def test_owners_see_what_was_done(installation: Any) -> None:
    """Their own sign-in is in their activity, with a time."""
    items = installation.house.ask("GET", "/activity", 200).json()["items"]
    assert items
    assert all(one["kind"] and one["at"] for one in items)
