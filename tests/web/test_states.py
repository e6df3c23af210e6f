"""What a screen is only for a while: empty, under way, resting, stopped, and its questions. axe finds nothing in any.

One person, one tab: the tests follow each other as the states do.
"""

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from visit import Visit

SLOW = {"fault": "latency", "rate": 1.0, "seconds": 0.3}
OLD_MS = 11 * 60_000  # more than a sign-in may be old for what can't be taken back


class Person:
    """A house and a tab in it."""

    def __init__(self, house: Any, visit: Visit) -> None:
        self.house, self.visit, self.page = house, visit, visit.page

    def press(self, name: str | re.Pattern[str]) -> None:
        """The button of this name, in the dialog if there is one."""
        dialog = self.page.get_by_role("dialog")
        place = dialog if dialog.count() else self.page
        place.get_by_role("button", name=name, exact=isinstance(name, str)).first.click()

    def state(self, what: str) -> str:
        """Where the newest scan or run stands."""
        return str(self.house.ask("GET", f"/{what}?limit=1", 200).json()["items"][0]["state"])

    def asked(self, title: str) -> None:
        """A dialog is there; whoever says no is back where they were."""
        self.page.get_by_role("dialog", name=title).wait_for()
        assert self.visit.looks() == []
        self.page.keyboard.press("Escape")
        self.page.get_by_role("dialog").wait_for(state="detached")

    def rests(self, what: str) -> None:
        """Under way, then at rest: as the gateway has it too."""
        self.page.get_by_role("button", name="Pause").wait_for()
        assert self.visit.faults() == []
        self.press("Pause")
        self.page.get_by_text(re.compile("· paused$")).wait_for()
        assert self.state(what) == "paused"
        assert self.visit.looks() == []

    def goes_on(self, what: str) -> None:
        """It is no longer at rest."""
        self.press("Go on")
        self.page.get_by_role("button", name="Pause").wait_for()
        assert self.state(what) in {"queued", "running"}

    def stops(self, what: str) -> None:
        """At once, or when what is in flight has come to its end."""
        self.press("Stop")
        self.visit.until(lambda: self.state(what) == "cancelled", "it to be stopped")


@pytest.fixture(scope="module")
def person(lasting_house: Any, visits: Any) -> Person:
    """Somebody who has just come in."""
    house = lasting_house()
    return Person(house, visits(house))


def test_nothing_is_chosen_yet(person: Person) -> None:
    """The preview leads to the folders."""
    person.visit.heading("Nothing has been looked at yet")
    person.page.get_by_role("link", name="Choose folders").wait_for()
    assert person.visit.looks() == []


def test_a_preview_under_way_rests_goes_on_and_is_stopped(person: Person) -> None:
    """And then there is none, which is said."""
    person.house.choose_all()
    person.page.reload()
    person.visit.heading("Nothing has been looked at yet")
    with person.house.faulty(SLOW):
        person.press("Preview my inbox")
        person.visit.heading("Looking at your inbox")
        person.rests("scans")
        person.goes_on("scans")
        person.stops("scans")
    person.visit.heading("There is no preview")
    person.page.get_by_text("It was stopped. Nothing has moved.").wait_for()
    assert person.visit.looks() == []


def test_what_is_held_can_be_neither_selected_nor_moved(person: Person) -> None:
    """By no box, and by no key; what is for review has no box either."""
    scan = person.house.scan()
    person.page.reload()
    person.visit.heading("Nothing has moved yet")
    person.page.get_by_role("search").get_by_role("combobox", name="Show").select_option("hold")
    person.visit.settled()
    rows = person.page.locator("tr.message")
    assert rows.count() == scan["counts"]["hold"] > 0
    assert rows.get_by_role("checkbox").count() == rows.get_by_role("combobox").count() == 0
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.method))
    for key in ("j", "x", "a", "e", "m"):
        person.page.keyboard.press(key)
    person.visit.settled()
    assert person.page.get_by_text(re.compile("selected$")).count() == 0
    assert asked == []
    person.page.get_by_role("search").get_by_role("combobox", name="Show").select_option("review")
    person.visit.settled()
    assert person.page.locator("tr.review").count() == scan["counts"]["review"] > 0
    assert person.page.locator("tr.message").get_by_role("checkbox").count() == 0


def test_letters_that_are_typed_are_no_keys(person: Person) -> None:
    """In a field, and while a question is open."""
    person.page.get_by_role("searchbox", name="Search").press_sequentially("gq?gx")
    person.visit.heading("Nothing has moved yet")
    assert person.page.get_by_role("dialog").count() == 0
    person.page.get_by_role("searchbox", name="Search").fill("")
    person.press("Keys")
    person.page.get_by_role("dialog", name="Keys").wait_for()
    person.page.keyboard.press("g")
    person.page.keyboard.press("q")
    person.visit.heading("Nothing has moved yet")
    person.page.keyboard.press("Escape")


def test_a_preview_that_was_changed_elsewhere_moves_nothing(person: Person) -> None:
    """What was seen is what moves: after another change it is not what was seen."""
    before = person.house.places()
    person.page.reload()
    person.visit.heading("Nothing has moved yet")
    person.visit.settled()
    scan = person.house.ask("GET", "/scans?limit=1", 200).json()["items"][0]
    moving = person.house.decisions(scan, kind="move")[0]["id"]
    path, headers = f"/scans/{scan['id']}/decisions/{moving}", {"If-Match": f'"{scan["revision"]}"'}
    person.house.ask("PATCH", path, 200, json={"folder_id": None}, headers=headers)
    person.press(re.compile("^Move [0-9]"))
    with person.visit.noise("status of 412"):
        person.press("Move")
        person.page.get_by_role("alert").get_by_role("button", name="Close").wait_for()
    assert person.house.ask("GET", "/moves?limit=1", 200).json()["items"] == []
    assert person.house.moved_since(before) == set()


def test_the_question_before_mail_moves(person: Person) -> None:
    """How many, and where to."""
    person.page.reload()
    person.visit.heading("Nothing has moved yet")
    person.press(re.compile("^Move [0-9]"))
    person.asked(person.page.get_by_role("dialog").get_attribute("aria-label") or "")


def test_a_run_under_way_rests_and_is_stopped(person: Person) -> None:
    """What had moved is said to have moved."""
    person.press(re.compile("^Move [0-9]"))
    with person.house.faulty(SLOW):
        person.press("Move")
        person.visit.heading("Moving your mail")
        person.rests("moves")
        person.stops("moves")
    person.page.get_by_text("It was stopped. What had moved stays moved and can be undone.").wait_for()
    person.visit.settled()
    assert person.visit.looks() == []


def test_a_list_of_folders_is_filled_when_somebody_comes_to_it(person: Person) -> None:
    """By the keyboard and by the mouse; until then it names what is chosen alone, and so it is read."""
    person.visit.go("preview")
    pickers = person.page.locator("tr.message select")
    chosen = person.page.evaluate("async () => (await import('/static/app/mailbox.js')).chosen.value.length")
    assert chosen > 1
    for at, come in ((0, "focus"), (1, "click")):
        one = pickers.nth(at)
        assert one.locator("option").count() == 1
        before = one.input_value()
        getattr(one, come)()
        assert one.locator("option").count() == chosen + 1
        assert one.input_value() == before
        person.page.keyboard.press("Escape")


def test_a_key_is_shown_once(person: Person) -> None:
    """Its text is on the screen, and gone with it."""
    person.visit.go("account")
    person.page.get_by_text("Make a key for a program").click()
    person.page.get_by_role("textbox", name="Which program is it for?").fill("Nightly")
    person.page.get_by_role("checkbox", name=re.compile("^read")).check()
    person.press("Make the key")
    key = person.page.get_by_text(re.compile("^mok_")).inner_text()
    assert person.visit.looks() == []
    answer = person.house.http.get("/api/v1/mailboxes", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    person.press("I have it")
    assert key not in person.page.content()


def test_the_word_before_everything_is_erased(person: Person) -> None:
    """Only the whole word opens the button."""
    box = person.page.get_by_role("textbox", name=re.compile("^Type erase everything"))
    erase = person.page.get_by_role("button", name="Erase everything")
    box.fill("erase everythin")
    assert erase.is_disabled()
    box.fill("erase everything")
    assert erase.is_enabled()
    assert person.visit.looks() == []
    box.fill("")


def test_the_list_of_keys(person: Person) -> None:
    """A dialog too."""
    person.press("Keys")
    person.asked("Keys")


def test_an_old_sign_in_is_asked_for_anew(person: Person) -> None:
    """Before what would hand everything to whoever has the tab; nothing is downloaded."""
    with closing(sqlite3.connect(person.house.place.path("data", "gateway.sqlite"), timeout=10)) as database:
        database.execute("UPDATE session SET created_at = created_at - ?", (OLD_MS,))
        database.commit()
    with person.visit.noise("status of 403"):
        person.press("Export everything")
        person.page.get_by_role("dialog").wait_for()
    person.asked("Sign in again first")
    with closing(sqlite3.connect(person.house.place.path("data", "gateway.sqlite"), timeout=10)) as database:
        database.execute("UPDATE session SET created_at = created_at + ?", (OLD_MS,))
        database.commit()


def test_the_question_before_a_mailbox_is_disconnected(person: Person) -> None:
    """No is no."""
    person.press("Disconnect")
    person.asked("Disconnect Mailbox 1?")
    assert len(person.house.ask("GET", "/api/v1/mailboxes", 200).json()["items"]) == 1


def test_without_a_mailbox_each_screen_says_so(person: Person) -> None:
    """And asks nothing of a mailbox that isn't there; the way back is a button."""
    person.press("Disconnect")
    person.page.get_by_role("dialog").wait_for()
    with person.page.expect_download():
        person.press("Disconnect")
    person.visit.until(lambda: person.page.get_by_role("button", name="Disconnect").count() == 0, "the row to go")
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    for screen in ("preview", "quarantine", "folders", "rules", "activity", "moves/mov_1"):
        person.visit.go(screen)
        person.visit.heading("No mailbox is connected")
    person.page.reload()
    person.visit.heading("No mailbox is connected")
    assert person.visit.looks() == []
    assert not [url for url in asked if "/mailboxes/" in url]
    assert person.page.get_by_role("link", name="Quarantine").inner_text() == "Quarantine"
    person.press("Connect a mailbox")
    person.press("Approve")
    person.visit.heading("Nothing has been looked at yet")
