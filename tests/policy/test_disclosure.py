"""Where faults are reported, as a stranger finds it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cli import up


def test_a_stranger_finds_the_operators_contact(installation: Any) -> None:
    """Without a sign-in, over TLS, with an end that is months away."""
    with up._client(installation.house.house) as stranger:
        answer = stranger.get("/.well-known/security.txt")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@operator.example"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=80) < left < timedelta(days=365)


def test_an_installation_without_a_contact_makes_none_up(sample_house: Any) -> None:
    """404, and an explanation instead of an address."""
    answer = sample_house.http.get("/.well-known/security.txt")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
