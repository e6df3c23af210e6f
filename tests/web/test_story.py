"""The whole story on real services, once with the mouse and once with the keyboard alone.

Sign in, choose folders, look, change two decisions, approve, watch, reload on the way, undo, review what was held,
release one, export, erase. What the page says is held against the sandbox's own record of where every message is.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, Locator, Page
from visit import Visit

CHOSEN = 4  # folders, of those that the sample has
SLOW = {"fault": "latency", "rate": 1.0, "seconds": 0.3}  # of each of a batch's twenty
MOVE = re.compile(r"^Move [\d,]+ messages?$")


class Teller:
    """One person, one tab, one house, and what they remember of it."""

    def __init__(self, house: Any, visit: Visit) -> None:
        self.house, self.visit, self.page = house, visit, visit.page
        self.before = house.places()
        self.changed: set[str] = set()

    def moved(self) -> set[str]:
        """Immutable ids of what is elsewhere now."""
        return set(self.house.moved_since(self.before))

    def newest(self, what: str) -> dict[str, Any]:
        """The newest scan or run, as the API tells it."""
        return dict(self.house.ask("GET", f"/{what}?limit=1", 200).json()["items"][0])

    def button(self, name: str | re.Pattern[str], within: Page | Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=isinstance(name, str))

    def chosen(self) -> set[str]:
        """Names of folders that the gateway files mail in."""
        folders = self.house.ask("GET", "/folders", 200).json()["items"]
        return {one["name"] for one in folders if one["chosen"]}

    def number(self, name: re.Pattern[str]) -> int:
        """The number in a button's or a heading's words."""
        words = self.page.get_by_text(name).first.inner_text()
        return int("".join(re.findall(r"\d", words)))


@pytest.fixture
def teller(reported: Any, visits: Any) -> Teller:
    """Somebody new, at a house of their own: the story ends with everything erased."""
    return Teller(reported.house, visits(reported.house, reduced_motion="reduce"))


def choose_folders(teller: Teller, pick: Callable[[Locator], None]) -> None:
    """Each tick reaches the gateway."""
    teller.visit.heading("Folders")
    boxes = teller.page.get_by_role("table", name="Folders of this mailbox").get_by_role("checkbox")
    for at in range(CHOSEN):
        pick(boxes.nth(at))
        teller.visit.until(lambda at=at: len(teller.chosen()) == at + 1, "the folder to be chosen")
        teller.visit.settled()


def is_looked_at(teller: Teller) -> dict[str, Any]:
    """The preview stands there and nothing has moved."""
    teller.visit.heading("Nothing has moved yet")
    teller.visit.settled()
    assert teller.moved() == set()
    scan = teller.newest("scans")
    assert teller.page.locator("p.sums").inner_text().startswith(f"{scan['done']} messages of {scan['total']}")
    return scan


def is_changed(teller: Teller, scan: dict[str, Any], row: str) -> None:
    """The gateway has it as the owner's own decision."""
    found = next(one for one in teller.house.decisions(scan) if one["id"] == row)
    assert found["decided_by"] == "owner"
    assert teller.moved() == set()


def is_moved(teller: Teller) -> dict[str, Any]:
    """The run is over, and exactly what it says has moved."""
    teller.visit.heading(re.compile(r"messages? moved$"))
    teller.visit.settled()
    run = teller.newest("moves")
    assert run["state"] == "done"
    assert len(teller.moved()) == run["moved"] > CHOSEN
    return run


def is_back(teller: Teller, *, but: int = 0) -> None:
    """Everything is where it was."""
    teller.visit.heading(re.compile(r"messages? back$"))
    teller.visit.settled()
    assert len(teller.moved()) == but


def is_exported(download: Download, tmp_path: Path) -> None:
    """An archive with what is held, and no token in it."""
    assert download.suggested_filename == "mail-organiser-export.zip"
    download.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "export.zip").read_bytes())) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) > 3


def is_erased(teller: Teller, access: str) -> None:
    """A receipt is shown, nobody is signed in, and the gateway knows the person no more."""
    teller.page.get_by_role("heading", name="Your receipt").wait_for()
    assert teller.visit.stored("sessionStorage") == {}
    refused = teller.house.http.get("/api/v1/mailboxes", headers={"Authorization": f"Bearer {access}"})
    assert refused.status_code == 401
    assert teller.house.query("select count(*) from mailbox") == [(0,)]


def test_with_the_mouse(teller: Teller, reported: Any, tmp_path: Path) -> None:
    """By clicks. No browser has reported a violation at the end; one that is provoked is."""
    page = teller.page
    page.get_by_role("link", name="Choose folders").click()
    choose_folders(teller, lambda box: box.click())
    page.get_by_role("link", name="To the preview").click()
    teller.button("Preview my inbox").click()
    scan = is_looked_at(teller)
    change_with_the_mouse(teller, scan)
    approve_with_the_mouse(teller)
    undo_with_the_mouse(teller)
    review_with_the_mouse(teller)
    leave_with_the_mouse(teller, tmp_path)
    assert reported.violations() == 0
    with teller.visit.noise("style-src"):
        page.evaluate("() => document.body.setAttribute('style', 'margin: 1px')")
    teller.visit.until(lambda: reported.violations() == 1, "the report of it")


def change_with_the_mouse(teller: Teller, scan: dict[str, Any]) -> None:
    """Two decisions; the first is offered for others of its sender, and taken."""
    offers = teller.button(re.compile("^Apply to .* more from this sender$"))
    for at, row in enumerate(ids_of(teller, scan)):
        line = teller.page.locator("tr.message").nth(row)
        line.get_by_role("combobox").focus()
        line.get_by_role("combobox").select_option(index=2)
        teller.visit.settled()
        shown = line.get_by_role("combobox").input_value()
        assert shown
        if offers.count() and at == 0:
            offers.click()
            teller.visit.settled()
    changed = teller.house.decisions(scan, changed=True)
    assert len(changed) >= 2
    assert teller.moved() == set()


def ids_of(teller: Teller, scan: dict[str, Any]) -> list[int]:
    """Places in the table of two messages that may be changed: one whose sender wrote more often, and another one."""
    rows = teller.house.ask("GET", f"/scans/{scan['id']}/decisions?limit=100", 200).json()["items"]
    senders = [row["message"]["sender_address"] for row in rows]
    free = [at for at, row in enumerate(rows) if row["kind"] in {"move", "keep"}]
    often = next(at for at in free if senders.count(senders[at]) > 2)
    other = next(at for at in free if senders[at] != senders[often])
    return [often, other]


def approve_with_the_mouse(teller: Teller) -> None:
    """All of it, slowly; reloaded on the way, the page is back in the same run with the same session."""
    teller.button(MOVE).click()
    with teller.house.faulty(SLOW):
        teller.button("Move", teller.page.get_by_role("dialog")).click()
        teller.visit.heading("Moving your mail")
        teller.page.get_by_role("progressbar", name="How much is done").wait_for()
        access, address = teller.visit.stored("sessionStorage"), teller.page.url
        teller.page.reload()
        teller.visit.heading("Moving your mail")
        assert (teller.visit.stored("sessionStorage"), teller.page.url) == (access, address)
        teller.visit.until(teller.moved, "the first message to move")
    is_moved(teller)


def undo_with_the_mouse(teller: Teller) -> None:
    """One message, then the run."""
    run, moved = teller.page.url, len(teller.moved())
    teller.page.get_by_role("table").get_by_role("button", name="Undo").first.click()
    is_back(teller, but=moved - 1)
    teller.page.goto(run)
    teller.button("Undo what is left").click()
    is_back(teller)
    teller.page.goto(run)
    teller.visit.heading(re.compile(r"messages? moved$"))
    teller.page.get_by_text(f"Of these, {moved} were taken back").wait_for()
    teller.visit.settled()
    assert teller.button(re.compile("^Undo")).count() == 0


def review_with_the_mouse(teller: Teller) -> None:
    """One held message is released: it is for review then, and stays where it is."""
    teller.page.get_by_role("navigation").get_by_role("link", name=re.compile("^Quarantine")).click()
    heading = teller.visit.heading(re.compile(r"^Held for review \(\d+\)$"))
    teller.visit.settled()
    hide_one(teller)
    held = teller.number(re.compile(r"^Held for review \(\d+\)$"))
    teller.button("Release").first.click()
    teller.visit.until(lambda: f"({held - 1})" in heading.inner_text(), "one fewer to be held")
    scan = teller.newest("scans")
    assert (scan["counts"]["hold"], teller.moved()) == (held - 1, set())


def hide_one(teller: Teller) -> None:
    """It is said to be hidden for now alone, and that is so: after a reload it is there."""
    articles, before = teller.page.get_by_role("article"), teller.page.get_by_role("article").count()
    teller.button("Keep held, hide for now").first.click()
    teller.visit.until(lambda: articles.count() == before - 1, "one to be hidden")
    teller.page.reload()
    teller.visit.until(lambda: articles.count() == before, "it to be there again")
    teller.visit.settled()


def leave_with_the_mouse(teller: Teller, tmp_path: Path) -> None:
    """Everything that is held is taken along, and erased."""
    access = teller.visit.stored("sessionStorage")["mail-organiser.token"]
    teller.page.get_by_role("navigation").get_by_role("link", name="Account").click()
    teller.visit.settled()
    with teller.page.expect_download() as export:
        teller.button("Export everything").click()
    is_exported(export.value, tmp_path)
    teller.page.get_by_role("textbox", name=re.compile("^Type erase everything")).fill("erase everything")
    teller.button("Erase everything").click()
    is_erased(teller, access)
    with teller.page.expect_download() as receipt:
        teller.button("Save the receipt").click()
    assert "signature" in json.loads(Path(receipt.value.path()).read_text(encoding="utf-8"))


class Keys:
    """A person without a mouse: Tab, Enter, Space, Esc and the page's own keys."""

    def __init__(self, teller: Teller) -> None:
        self.teller, self.visit = teller, teller.visit
        self.press = teller.page.keyboard.press

    def tab_to(self, words: str) -> None:
        """Tabs until what has the focus says so; a hundred rows are no hindrance, because Tab enters the table once."""
        for _ in range(FAR):
            self.press("Tab")
            if re.search(words, self.visit.focus()):
                return
        raise AssertionError(f"Tab does not lead to {words}; it is at {self.visit.focus()}")

    def is_at(self, words: str) -> None:
        """The focus is there, or comes there."""
        try:
            self.visit.until(lambda: re.search(words, self.visit.focus()), "the focus")
        except AssertionError as late:
            raise AssertionError(f"the focus is at {self.visit.focus()}, not at {words}") from late

    def go(self, letter: str, heading: str) -> None:
        """To another screen by its letter; its heading has the focus."""
        self.press("g")
        self.press(letter)
        self.is_at(f"^h1: {heading}")
        self.visit.settled()

    def row(self) -> int:
        """Which row of the table has the focus."""
        return int(
            self.teller.page.evaluate(
                "() => [...document.querySelectorAll('tr.message')].indexOf(document.activeElement)"
            )
        )


FAR = 60  # presses of Tab from one end of a screen to what is wanted, at most


@pytest.fixture
def keyed(reported: Any, visits: Any) -> Keys:
    """Somebody new, who comes in by the keyboard."""
    keys = Keys(Teller(reported.house, visits(reported.house, enter=False, reduced_motion="reduce")))
    keys.teller.page.goto(f"{keys.visit.url}/")
    keys.is_at("^h1: Sort your inbox safely")
    keys.tab_to("Try with the sample mailbox")
    keys.press("Enter")
    keys.teller.page.wait_for_url(re.compile("authorize"))
    keys.tab_to("Approve")
    keys.press("Enter")
    keys.teller.page.get_by_role("navigation", name="Screens").wait_for()
    keys.is_at("^h1: Nothing has been looked at yet")
    return keys


def test_with_the_keyboard_alone(keyed: Keys, reported: Any, tmp_path: Path) -> None:
    """Without a mouse, and the focus is where one looks for it."""
    choose_with_keys(keyed)
    keyed.go("p", "Nothing has been looked at yet")
    keyed.tab_to("Preview my inbox")
    keyed.press("Enter")
    scan = is_looked_at(keyed.teller)
    keyed.is_at("^h1: Nothing has moved yet")
    change_with_keys(keyed, scan)
    approve_with_keys(keyed)
    review_with_keys(keyed)
    turn_off_with_keys(keyed)
    leave_with_keys(keyed, tmp_path)
    assert reported.violations() == 0


def choose_with_keys(keys: Keys) -> None:
    """Folders by Space; the focus stays on the box."""
    keys.go("f", "Folders")

    def tick(_: Locator) -> None:
        keys.tab_to("^input: ")
        keys.press("Space")

    choose_folders(keys.teller, tick)
    keys.is_at("^input: ")


def change_with_keys(keys: Keys, scan: dict[str, Any]) -> None:
    """Rows by j and k; a folder by m, Esc back to its row; e keeps, z takes it back."""
    keys.press("j")
    assert keys.row() == 0
    keys.press("j")
    keys.press("j")
    keys.press("k")
    assert keys.row() == 1
    rows = keys.teller.house.ask("GET", f"/scans/{scan['id']}/decisions?limit=100", 200).json()["items"]
    free = [at for at, row in enumerate(rows) if row["kind"] == "move" and at > 0]
    while keys.row() != free[0]:
        keys.press("j")
    keys.press("e")
    keys.visit.settled()
    is_changed(keys.teller, scan, rows[free[0]]["id"])
    keys.press("z")
    keys.visit.settled()
    keys.press("m")
    keys.is_at("^select: Goes to")
    keys.press("ArrowDown")
    keys.visit.settled()
    keys.press("Escape")
    assert keys.row() == free[0]
    is_changed(keys.teller, scan, rows[free[0]]["id"])
    keys.press("o")
    keys.teller.page.locator("tr.detail").wait_for()
    keys.press("o")


def approve_with_keys(keys: Keys) -> None:
    """A question that Esc answers with no; then yes, and all of it back again."""
    keys.go("q", "Held for review")
    keys.go("p", "Nothing has moved yet")
    keys.tab_to("^button: Move ")
    keys.press("Enter")
    keys.is_at("^button: Move$")
    keys.press("Escape")
    keys.is_at("^button: Move [0-9]")
    assert keys.teller.moved() == set()
    keys.press("Enter")
    keys.is_at("^button: Move$")
    keys.press("Enter")
    is_moved(keys.teller)
    keys.is_at("^h1: .* moved")
    keys.tab_to("Undo this run")
    keys.press("Enter")
    is_back(keys.teller)
    keys.is_at("^h1: .* back")


def review_with_keys(keys: Keys) -> None:
    """One that was held is released."""
    keys.go("q", "Held for review")
    held = keys.teller.newest("scans")["counts"]["hold"]
    keys.tab_to("^button: Release$")
    keys.press("Enter")
    keys.visit.until(lambda: keys.teller.newest("scans")["counts"]["hold"] == held - 1, "one fewer to be held")
    assert keys.teller.moved() == set()


def turn_off_with_keys(keys: Keys) -> None:
    """Who turns single keys off has none, after a reload too; the rest goes on working."""
    keys.press("?")
    keys.is_at("^button: Close")
    keys.press("Shift+Tab")
    keys.is_at("^input: ")
    keys.press("Space")
    keys.press("Escape")
    assert keys.visit.stored("localStorage") == {"mail-organiser.single-keys": "off"}
    keys.teller.page.reload()
    keys.is_at("^h1: Held for review")
    for key in ("g", "a", "?", "j"):
        keys.press(key)
    keys.is_at("^h1: Held for review")
    assert keys.teller.page.get_by_role("dialog").count() == 0


def leave_with_keys(keys: Keys, tmp_path: Path) -> None:
    """By Tab and Enter: account, export, erasure."""
    access = keys.visit.stored("sessionStorage")["mail-organiser.token"]
    keys.tab_to("^a: Account")
    keys.press("Enter")
    keys.is_at("^h1: Account")
    keys.visit.settled()
    keys.tab_to("Export everything")
    with keys.teller.page.expect_download() as export:
        keys.press("Enter")
    is_exported(export.value, tmp_path)
    keys.tab_to("^input: ")
    keys.teller.page.keyboard.type("erase everything")
    keys.press("Enter")
    is_erased(keys.teller, access)
