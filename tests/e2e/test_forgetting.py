"""Forgetting through the door, with every process real: what was forgotten is gone from the profile, and stays so."""

import secrets
from dataclasses import dataclass
from typing import Any

import pytest

MAIL = 6


@dataclass
class Place:
    """A chosen folder of one test in the watched house, and its mail, learned from."""

    house: Any
    name: str
    id: str
    mail: list[str]

    def learn(self) -> None:
        """A scan of another folder, so that this one is learned from."""
        self.house.deliver({"subject": "anything"}, folder="Elsewhere")
        self.house.scan_of("Elsewhere")

    def learned(self) -> int:
        items = self.house.ask("GET", "/learned", 200).json()["items"]
        return next((int(one["total"]) for one in items if one["folder_id"] == self.id), 0)

    def noted(self) -> list[bool]:
        """Of each message that a profile ever learned from here: whether it was forgotten."""
        rows = self.house.query("SELECT forgotten FROM learned_message WHERE folder_id = ?", self.id)
        return [bool(row[0]) for row in rows]

    def choose(self, *, chosen: bool) -> None:
        self.house.ask("PATCH", f"/folders/{self.id}", 200, json={"chosen": chosen})

    def decision(self, subject: str) -> str:
        rows = self.house.decisions(self.house.scan_of(self.name))
        return next(str(one["id"]) for one in rows if one["message"]["subject"] == subject)

    def version(self) -> int:
        rows = self.house.query("SELECT version FROM profile WHERE mailbox_id = ?", self.house.mailbox)
        return int(rows[0][0]) if rows else 0


@pytest.fixture
def place(watched: Any) -> Any:
    name = f"Forgetting {secrets.token_hex(4)}"
    mail = watched.deliver(*({"subject": f"{name} {number}"} for number in range(MAIL)), folder=name)
    made = Place(watched, name, watched.folder(name), list(mail))
    made.choose(chosen=True)
    made.learn()
    assert made.learned() == MAIL
    yield made
    made.choose(chosen=False)


def told(house: Any, kind: str) -> int:
    found = house.query("SELECT sum(amount) FROM audit_event WHERE kind = ?", kind)
    return int(found[0][0] or 0)


def test_a_forgotten_folder_stays_forgotten_and_new_mail_is_learned(place: Place) -> None:
    """The profile is written anew; what lies there is not learned again, what comes next is."""
    version, before = place.version(), told(place.house, "learned.folder_forgotten")
    place.house.ask("DELETE", f"/learned/folders/{place.id}", 204)
    assert (place.learned(), place.noted()) == (0, [True] * MAIL)
    assert place.version() == version + 1
    assert told(place.house, "learned.folder_forgotten") == before + MAIL
    place.house.deliver({"subject": f"{place.name} new"}, folder=place.name)
    place.learn()
    assert place.learned() == 1
    place.house.ask("DELETE", "/learned/folders/fld_nothing", 404)


def test_a_folder_that_is_chosen_no_more_is_forgotten(place: Place) -> None:
    """And learned again when it is chosen again, but for what the owner had forgotten."""
    version = place.version()
    place.choose(chosen=False)
    assert (place.learned(), place.noted(), place.version()) == (0, [], version + 1)
    place.choose(chosen=False)
    assert place.version() == version + 1
    place.choose(chosen=True)
    place.learn()
    assert place.learned() == MAIL


def test_one_message_is_forgotten_once(place: Place) -> None:
    """By its decision; again it is no error and takes nothing more; the others stay learned."""
    decision = place.decision(f"{place.name} 2")
    version = place.version()
    for _ in range(2):
        place.house.ask("DELETE", f"/learned/messages/{decision}", 204)
        assert (place.learned(), place.version()) == (MAIL - 1, version + 1)
    place.learn()
    assert sorted(place.noted()) == [False] * (MAIL - 1) + [True]
    place.house.ask("DELETE", "/learned/messages/dec_nothing", 404)


def test_a_message_that_is_gone_is_forgotten_too(place: Place) -> None:
    """Its text can't be had: the profile is discarded, and learned anew without it."""
    decision = place.decision(f"{place.name} 3")
    place.house.control("POST", "/moves", {"moves": [{"id": place.mail[3]}]})
    place.house.ask("DELETE", f"/learned/messages/{decision}", 204)
    assert (place.version(), place.learned()) == (0, 0)
    assert place.noted() == [True]
    place.learn()
    assert place.learned() == MAIL - 1


def test_everything_is_forgotten(make_house: Any) -> None:
    """No profile, and old mail is not learned from again; what is filed next is."""
    house = make_house("sample")
    own = house.choose_all()
    house.scan()
    house.ask("DELETE", "/learned", 204)
    assert house.ask("GET", "/learned", 200).json() == {"items": []}
    assert house.query("SELECT count(*) FROM profile") == [(0,)]
    house.deliver({"subject": "filed afterwards"}, folder=next(iter(own)))
    scan = house.scan()
    assert [one["total"] for one in house.ask("GET", "/learned", 200).json()["items"]] == [1]
    assert scan["learned"] == 1
    assert told(house, "learned.forgotten") > 100
