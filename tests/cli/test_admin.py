"""`mail-organiser admin`: on the host, beside a running gateway."""

from typing import Any

from cli.house import TENANT, USER
from sandbox.account import accounts

OWNER = next(iter(accounts((USER,), personal=False)))


def test_revoking_a_person_ends_everything_within_five_seconds(command: Any, sample_house: Any) -> None:
    """Sessions refused, Microsoft tokens destroyed, seen by the running gateway; a new sign-in brings both back."""
    ((person,),) = sample_house.query("SELECT person_id FROM mailbox WHERE id = ?", sample_house.mailbox)
    file = str(sample_house.place.path("settings", "gateway.toml"))
    sample_house.ask("GET", "/folders", 200)
    result = command.ran("admin", "revoke", person, "--settings", file)
    assert result.returncode == 0, result.stderr
    assert "destroyed the Microsoft tokens of 1 mailboxes" in result.stderr
    assert sample_house.query("SELECT count(*) FROM token_cache") == [(0,)]
    sample_house.until(lambda: sample_house.ask("GET", "/folders").status_code == 401, "the session's end", patience=7)
    assert sample_house.query("SELECT count(*) FROM audit_event WHERE kind = 'person.revoked'") == [(1,)]
    sample_house.sign_in()
    sample_house.ask("GET", "/folders", 200)


def test_nobody_known_is_said_so(command: Any, sample_house: Any) -> None:
    """Exit code 2, and nothing has changed."""
    file = str(sample_house.place.path("settings", "gateway.toml"))
    result = command.ran("admin", "revoke", "per_nobody", "--settings", file)
    assert result.returncode == 2
    assert "no such person" in result.stderr


def test_a_plan_is_given_and_seen(command: Any, sample_house: Any) -> None:
    """At once, by its owner; one that is none is refused, and the plans that there are are named."""
    ((person,),) = sample_house.query("SELECT person_id FROM mailbox WHERE id = ?", sample_house.mailbox)
    file = str(sample_house.place.path("settings", "gateway.toml"))
    for name in ("free", "unlimited"):
        result = command.ran("admin", "plan", person, name, "--settings", file)
        assert result.returncode == 0, result.stderr
        assert sample_house.ask("GET", "/api/v1/quota", 200).json()["plan"] == name
    refused = command.ran("admin", "plan", person, "gold", "--settings", file)
    assert refused.returncode == 2
    assert "business, free, pro, unlimited" in refused.stderr
    assert sample_house.query("SELECT count(*) FROM audit_event WHERE kind = 'person.plan_given'") == [(2,)]


def test_a_person_is_found_by_their_entra_ids(command: Any, sample_house: Any) -> None:
    """The id alone is printed, for the other commands; who is nobody here is said so; both are in the audit log."""
    ((person,),) = sample_house.query("SELECT person_id FROM mailbox WHERE id = ?", sample_house.mailbox)
    file = str(sample_house.place.path("settings", "gateway.toml"))
    asked = ("admin", "person", "--tenant", TENANT.upper(), "--object")
    result = command.ran(*asked, OWNER.upper(), "--settings", file)
    assert (result.returncode, result.stdout) == (0, f"{person}\n"), result.stderr
    nobody = command.ran(*asked, "0" * 36, "--settings", file)
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "Nobody here signs in with this account" in nobody.stderr
    events = "SELECT outcome, person_mark IS NULL FROM audit_event WHERE kind = 'person.looked_up' ORDER BY seq"
    assert sample_house.query(events) == [("done", 0), ("refused", 1)]
