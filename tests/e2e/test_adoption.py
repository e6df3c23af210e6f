"""Starter folders through the door, with every process real: adopted at once, made where missing, and nothing moves."""

from collections.abc import Iterator
from typing import Any

import pytest

MAKE = "POST /me/mailFolders"
NAMES = "/api/v1/starter-folders"


def starters(house: Any, **parameters: str) -> dict[str, dict[str, str]]:
    items = house.ask("GET", NAMES, 200, params=parameters).json()["items"]
    return {one["id"]: one for one in items}


def adopt(house: Any, *wanted: dict[str, str] | str, status: int = 201, **more: str) -> Any:
    folders = [{"starter_id": one} if isinstance(one, str) else one for one in wanted]
    return house.ask("POST", "/folders", status, json={"folders": folders, **more}).json()


def events(house: Any, kind: str) -> int:
    found = house.query("SELECT sum(amount) FROM audit_event WHERE kind = ?", kind)
    return int(found[0][0] or 0)


def made(house: Any) -> list[str]:
    """Names of all folders in the sandbox's mailbox."""
    return [one["name"] for one in house.control("GET", "/state")["folders"] if one["user"] == "you@sandbox.test"]


@pytest.fixture
def house(watched: Any) -> Iterator[Any]:
    """The watched house; what a test chose is chosen no more at its end."""
    before = {one["id"] for one in watched.ask("GET", "/folders", 200).json()["items"] if one["chosen"]}
    yield watched
    for one in watched.ask("GET", "/folders", 200).json()["items"]:
        if one["chosen"] and one["id"] not in before:
            watched.ask("PATCH", f"/folders/{one['id']}", 200, json={"chosen": False})


def test_several_are_adopted_at_once(house: Any) -> None:
    """One that is there by another letter case is used, the others are made, empty; asked again, it is the same."""
    house.deliver({"subject": "from before"}, folder="HEALTH")
    places, published = house.places(), starters(house)
    answer = adopt(house, "health", {"starter_id": "education", "description": "What my children bring home"})
    by_name = {one["name"]: one for one in answer["items"]}
    assert list(by_name) == ["HEALTH", "Education"]
    assert all(one["chosen"] for one in by_name.values())
    assert by_name["HEALTH"]["description"] == published["health"]["description"]
    assert by_name["Education"]["description"] == "What my children bring home"
    live = {one["name"]: one["total"] for one in house.ask("GET", "/folders", 200).json()["items"]}
    assert (live["HEALTH"], live["Education"]) == (1, 0)
    assert made(house).count("Education") == 1
    assert house.moved_since(places) == set()
    counted = events(house, "folder.made"), events(house, "folder.adopted")
    again = adopt(house, "health", "education")
    assert [one["id"] for one in again["items"]] == [one["id"] for one in answer["items"]]
    assert again["items"][1]["description"] == "What my children bring home"
    assert (events(house, "folder.made"), events(house, "folder.adopted")) == (counted[0], counted[1] + 2)


def test_names_come_in_the_language_asked_for(house: Any) -> None:
    """And are made so."""
    assert starters(house, language="de")["events"]["name"] == "Veranstaltungen"
    assert adopt(house, "events", language="de")["items"][0]["name"] == "Veranstaltungen"
    assert "Veranstaltungen" in made(house)
    house.ask("GET", NAMES, 422, params={"language": "tlh"})


@pytest.mark.parametrize(
    "body",
    [
        {"folders": []},
        {"folders": [{"starter_id": "nothing"}]},
        {"folders": [{"starter_id": "family", "name": "Bin"}]},
        {"folders": [{"starter_id": "family", "description": ""}]},
        {"folders": [{"starter_id": "family"}] * 33},
        {"folders": [{"starter_id": "family"}, {"starter_id": "nothing"}]},
    ],
)
def test_only_published_folders_are_made(house: Any, body: dict[str, Any]) -> None:
    """An id that isn't published, a name of one's own, none, too many: refused, and nothing is made."""
    before = made(house)
    assert house.ask("POST", "/folders", json=body).status_code in {400, 422}
    assert made(house) == before


def test_a_lost_answer_makes_no_second_folder(house: Any) -> None:
    """The connection breaks, or Graph is busy: unavailable, nothing is chosen, and asked again all is well."""
    for fault, starter, name in (("reset_before", "social", "Social"), ("unavailable", "work", "Work")):
        with house.faulty({"fault": fault, "nth": [1], "route": MAKE}):
            adopt(house, starter, status=503)
            assert name not in made(house)
            assert adopt(house, starter)["items"][0]["name"] == name
            assert adopt(house, starter)["items"][0]["chosen"]
        assert made(house).count(name) == 1
