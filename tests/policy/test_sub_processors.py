"""Sub-processors, as everybody reads them."""

from typing import Any

from cli import up

OPERATORS = ("name", "place", "certifications", "since", "notice_given")


def read(house: Any) -> dict[str, dict[str, Any]]:
    with up._client(house.house) as stranger:
        answer = stranger.get("/api/v1/sub-processors")
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["items"]}


def test_everybody_reads_who_else_sees_something(installation: Any) -> None:
    """Without a sign-in: for what, what, when; and what the operator said about one."""
    rows = read(installation.house)
    assert set(rows) >= {"identity_provider", "mailbox_provider", "ai_provider", "hosting", "shared_limits", "traces"}
    assert all(one["purpose"] and one["data"] and one["used_when"] for one in rows.values())
    said = {name: rows["hosting"][name] for name in OPERATORS}
    assert said == {
        "name": "Example Hosting Ltd",
        "place": "Ireland",
        "since": "2026-11-01",
        "certifications": [],
        "notice_given": None,
    }


def test_what_the_operator_did_not_say_is_not_made_up(installation: Any, sample_house: Any) -> None:
    """About the others nothing, and where nothing was set nothing at all."""
    others = [one for name, one in read(installation.house).items() if name != "hosting"]
    for one in (*others, *read(sample_house).values()):
        assert [one[name] for name in OPERATORS] == [None, None, [], None, None]
