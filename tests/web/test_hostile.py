"""Stored XSS: 200 texts of strangers as subjects, sender names and folder names, through every screen.

They run nothing, make no element, and are read exactly as they were sent: what can't be seen is a chip.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from visit import ROOT, Visit

WEB = ROOT / "gateway" / "src" / "gateway" / "web"
TEXTS = [
    json.loads(line)
    for line in (ROOT / "tests" / "corpus" / "xss" / "texts.jsonl").read_text(encoding="utf-8").splitlines()
]
SHOWN = 1000  # code points of one text, at most
SHIFT = 67  # between a message's subject and its sender's name
FOLDERS = 40
SEED = """From - Thu Jan 01 00:00:00 2026
X-Gmail-Labels: Old
From: Shop <pay@shop.test>
Date: 01 Jan 2026 10:00:00 +0000
Message-ID: <1@made.test>
Subject: Invoice

body

"""
HIDDEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}  # general categories
JOINERS = {0x200D, 0xFE0F}  # in an emoji they are seen

# What the page is made of, as its own source says.
OURS = sorted(
    {tag for path in WEB.rglob("app/**/*.js") for tag in re.findall(r"<([a-z][a-z0-9]*)", path.read_text("utf-8"))}
)
FOREIGN = """(ours) => {
  const links = /^(#\\/[a-z_]*(\\/[A-Za-z0-9_-]*)?|#main|https:\\/\\/learn\\.microsoft\\.com\\/.*)$/;
  const bad = /^(on.*|src.*|style|action|formaction|data|xlink:href|is|slot|background|popover.*)$/;
  const place = (one) => one.closest("svg.chart") ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const leads = (one) => one.hasAttribute("href") && !links.test(one.getAttribute("href"));
  const wrong = (one) => !ours.includes(one.localName) || one.namespaceURI !== place(one) || leads(one) ||
    [...one.attributes].some(({ name }) => bad.test(name));
  const found = [...document.getElementById("page").querySelectorAll("*")].filter(wrong);
  return found.map((one) => one.outerHTML.slice(0, 200));
}"""
# Elements as lists of [code point, whether it is a chip].
READING = """
window.read = (element) => {
  const found = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) for (const one of node.data) found.push([one.codePointAt(0), false]);
    else if (node.classList.contains("chip")) found.push([parseInt(node.textContent.slice(2), 16), true]);
    else node.childNodes.forEach(walk);
  };
  element?.childNodes.forEach(walk);
  return found;
};
"""
ROWS = """() => [...document.querySelectorAll("tr.message")].map((row) => ({
  subject: read(row.querySelector("th button bdi")), name: read(row.querySelector(".from > bdi")),
  address: read(row.querySelector(".from .quiet bdi")) }))"""
OPENED = """async () => {
  const found = [];
  for (const button of document.querySelectorAll("tr.message th button")) {
    button.click();
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    found.push([...document.querySelectorAll("tr.detail code.exactly")].map(read));
  }
  return found;
}"""

Read = list[list[Any]]


def address(number: int, text: str) -> str:
    """A hostile one where it can be one."""
    return f"{text}@xss.test" if number % 8 == 0 and 0 < len(text) < 60 else f"m{number}@xss.test"


def folder_names() -> list[str]:
    """Texts that can be the name of a folder in Outlook, of every kind."""
    fit = [one for one in TEXTS if one["text"].strip() and len(one["text"]) < 200 and "/" not in one["text"]]
    fit = [one for one in fit if one["kind"] != "surrogate"]
    return [one["text"] for one in fit[:: len(fit) // FOLDERS]][:FOLDERS]


def carried(text: str) -> str:
    """As the API tells it: JSON of UTF-8 has no lone surrogates."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def codes(text: str) -> list[int]:
    return [ord(one) for one in text[:SHOWN]]


def texts(message: dict[str, Any]) -> tuple[str, str, str]:
    return message["subject"], message["sender_name"], message["sender_address"]


def as_sent(read: Read, text: str, *, joined: bool = True) -> None:
    """A text stands there by code point, and nothing that can't be seen stands there unseen; joined: but in emoji."""
    assert [code for code, _ in read] == codes(text)
    unseen = [code for code, chip in read if not chip and unicodedata.category(chr(code)) in HIDDEN]
    assert set(unseen) <= (JOINERS if joined else set())


class Hostile:
    """A house that strangers wrote to, and somebody who looks."""

    def __init__(self, house: Any, visit: Visit) -> None:
        self.house, self.visit = house, visit
        names = [one["text"] for one in TEXTS]
        self.messages = [
            {"subject": text, "sender_name": names[(n + SHIFT) % len(names)], "sender_address": address(n, text)}
            for n, text in enumerate(names)
        ]
        house.deliver(*self.messages)
        for name in folder_names():
            house.deliver({"subject": "filed", "sender_address": "filed@xss.test"}, folder=name)
        self.folders = house.ask("GET", "/folders", 200).json()["items"]
        self.chosen = [one for one in self.folders if one["well_known"] is None and self._choose(one["id"])]
        self.scan = house.scan()

    def _choose(self, folder: str) -> bool:
        return bool(self.house.ask("PATCH", f"/folders/{folder}", json={"chosen": True}).status_code == 200)

    def rows(self, **filters: Any) -> list[dict[str, Any]]:
        """The decisions as the API tells them."""
        return list(self.house.decisions(self.scan, **filters))

    def clean(self) -> None:
        """No element but ours is there."""
        assert self.visit.page.evaluate(FOREIGN, OURS) == []


@pytest.fixture(scope="module")
def hostile(lasting_house: Any, tmp_path_factory: pytest.TempPathFactory, visits: Any) -> Hostile:
    """The corpus, delivered and looked at."""
    path = Path(tmp_path_factory.mktemp("hostile")) / "mail.mbox"
    path.write_text(SEED)
    house = lasting_house(str(path))
    made = Hostile(house, visits(house))
    made.visit.page.reload()
    made.visit.settled()
    made.visit.page.evaluate(READING)
    return made


def test_the_corpus_is_one() -> None:
    """Two hundred texts, each another, of every kind; folders among them."""
    assert len({one["text"] for one in TEXTS}) == len(TEXTS) == 200
    assert len({one["kind"] for one in TEXTS}) >= 15
    assert any("\u200d" in one["text"] for one in TEXTS)
    assert len(set(folder_names())) == FOLDERS


def test_the_preview_shows_what_was_sent(hostile: Hostile) -> None:
    """Every subject, name and address by code point, in the order of the API."""
    page = hostile.visit.page
    hostile.visit.go(f"preview/{hostile.scan['id']}")
    page.get_by_role("button", name="Show 100 more").click()
    page.get_by_text("200 messages shown").wait_for()
    told = [row["message"] for row in hostile.rows()]
    assert {texts(one) for one in told} == {tuple(map(carried, texts(one))) for one in hostile.messages}
    for shown, message in zip(page.evaluate(ROWS), told, strict=True):
        as_sent(shown["subject"], message["subject"])
        as_sent(shown["name"], message["sender_name"])
        as_sent(shown["address"], message["sender_address"])
    hostile.clean()


def test_an_opened_row_shows_each_text_exactly(hostile: Hostile) -> None:
    """Subject, name and address again, by code point, in a row that is opened."""
    page = hostile.visit.page
    filled = [[one for one in texts(row["message"]) if one] for row in hostile.rows()]
    for shown, expected in zip(page.evaluate(OPENED), filled, strict=True):
        for read, text in zip(shown, expected, strict=True):
            as_sent(read, text, joined=False)
    hostile.clean()


def test_the_quarantine_shows_what_was_held(hostile: Hostile) -> None:
    """With the evidence by code point, and what a mail program would show."""
    page = hostile.visit.page
    hostile.visit.go("quarantine")
    held = [row["message"]["subject"] for row in hostile.rows(kind="hold")]
    assert len(held) > 5
    more = page.get_by_role("button", name="Show 100 more")
    while more.count():
        more.click()
        hostile.visit.settled()
    shown = page.evaluate('() => [...document.querySelectorAll("article.held h2 bdi")].map(read)')
    for read, subject in zip(shown, [one for one in held if one], strict=True):
        as_sent(read, subject)
    hostile.clean()


def test_pickers_name_folders_as_they_are(hostile: Hostile) -> None:
    """A folder's name in a list of choices is its text."""
    hostile.visit.go(f"preview/{hostile.scan['id']}")
    picker = hostile.visit.page.get_by_role("search").get_by_role("combobox", name="Folder")
    picker.wait_for()
    shown = picker.locator("option").all_text_contents()
    assert len(hostile.chosen) > FOLDERS // 2
    names = [" ".join(one["name"].split()) for one in hostile.chosen]
    assert [" ".join(one.split()) for one in shown[1:]] == names


def test_a_run_into_hostile_folders_shows_where_mail_went(hostile: Hostile) -> None:
    """Each chosen folder gets a message; the question before, the result after and its entries are only text."""
    page, house = hostile.visit.page, hostile.house
    free = [row for row in hostile.rows() if row["kind"] in {"move", "keep"}]
    revision = hostile.scan["revision"]
    for row, folder in zip(free, hostile.chosen, strict=False):
        path = f"/scans/{hostile.scan['id']}/decisions/{row['id']}"
        answer = house.ask("PATCH", path, 200, json={"folder_id": folder["id"]}, headers={"If-Match": f'"{revision}"'})
        revision = int(answer.headers["etag"].strip('"'))
    page.reload()
    hostile.visit.settled()
    page.evaluate(READING)
    page.get_by_role("button", name=re.compile("^Move .* messages?$")).click()
    page.get_by_role("dialog").wait_for()
    hostile.clean()
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    page.get_by_role("button", name="Undo this run").wait_for()
    hostile.visit.settled()
    shown = page.evaluate('() => [...document.querySelectorAll("tr.message th > bdi")].map(read)')
    assert len(shown) > 10
    sent = {tuple(codes(carried(one["subject"]))) for one in hostile.messages}
    assert {tuple(code for code, _ in read) for read in shown} <= sent
    hostile.clean()


def test_what_owners_name_is_text_too(hostile: Hostile) -> None:
    """Rules, protections and keys named after the corpus, on the screens that list them; the other screens beside."""
    house = hostile.house
    for one, folder in zip(TEXTS[:12], hostile.chosen, strict=False):
        house.ask("POST", "/rules", json={"kind": "sender", "text": f"{one['text']}@x.test", "folder_id": folder["id"]})
        house.ask("POST", "/api/v1/api-keys", json={"name": one["text"][:64], "scopes": ["read"], "expires_in_days": 2})
    for screen in ("folders", "rules", "activity", "account", "status"):
        hostile.visit.go(screen)
        hostile.clean()


def test_a_text_that_became_an_element_would_be_seen(hostile: Hostile) -> None:
    """What this file looks for is found where it is: an element, an attribute, a link, a script that ran."""
    page = hostile.visit.page
    plant = """([tag, attribute, value]) => { const one = document.createElement(tag);
      if (attribute) one.setAttribute(attribute, value); document.getElementById("main").append(one); }"""
    for planted in (
        ["img", "alt", "x"],
        ["p", "style", ""],
        ["a", "href", "https://elsewhere.test/"],
        ["iframe", "", ""],
    ):
        with hostile.visit.noise(*(["style-src"] if planted[1] == "style" else [])):
            page.evaluate(plant, planted)
        assert len(page.evaluate(FOREIGN, OURS)) == 1
        page.evaluate('() => document.getElementById("main").lastElementChild.remove()')
    with hostile.visit.noise("a stranger's script ran"):
        page.evaluate("() => ran(1)")
