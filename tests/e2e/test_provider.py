"""A whole house with an AI provider behind it: scans end in time and under their cap, whatever the provider does.

The provider is tests/provider/scripted_server.py, a process of its own on loopback over TLS.
"""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cli.house import free_port

PROGRAM = Path(__file__).resolve().parents[1] / "provider" / "scripted_server.py"
CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "steering.jsonl"
MARK = "mark5e20b7"
LETTERS = "abcdefghij"
WAITING, FEW = 1000, 250  # messages in the two folders that are scanned
CAP = 2_000_000  # tokens
CALL_SECONDS = 4.0


class Provider:
    """The scripted provider's process, and what it was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.record = root / "asked.jsonl"
        self.config: dict[str, Any] = {"port": 0, "script": "by_word", "seconds": 0.0, "record": str(self.record)}
        self.metrics = free_port()
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, house: Any, stack: ExitStack) -> None:
        """Before the house starts: the provider runs, and the classifier is told of it."""
        files = house.house._authority.issue("provider.example", ["127.0.0.1"])
        self.config |= {"certificate": str(files.certificate), "key": str(files.key)}
        self.start()
        stack.callback(self.kill)
        key = house.place.write_secret("provider-key", f"key{MARK}".encode())
        settings = house.place.path("settings", "classifier.toml")
        settings.write_text(
            f'{settings.read_text()}[provider]\nbase_url = "https://127.0.0.1:{self.config["port"]}/v1"\n'
            f'model = "m"\napi_key = "{key}"\nauthority = "{files.authority}"\nprompt_price = 0.15\n'
            f"answer_price = 0.6\nthreshold = 1.0\ntokens_a_day = {CAP}\ncall_seconds = {CALL_SECONDS}\n"
            f"[metrics]\nport = {self.metrics}\n"
        )

    def does(self, script: str, seconds: float = 0.0) -> None:
        """From the next request on."""
        self.config |= {"script": script, "seconds": seconds}
        temporary = self.root / "config.tmp"
        temporary.write_text(json.dumps(self.config))
        temporary.replace(self.root / "config.json")

    def start(self) -> None:
        self.does(self.config["script"], self.config["seconds"])
        command = [sys.executable, str(PROGRAM), str(self.root / "config.json")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.config["port"] = int(self.process.stdout.readline().split()[1])
        self.does(self.config["script"], self.config["seconds"])

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()

    @property
    def asked(self) -> list[dict[str, Any]]:
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [body for line in lines if "File this message:" in (body := json.loads(line))["messages"][1]["content"]]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Provider:
    return Provider(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
def house(lasting_house: Any, provider: Provider) -> Any:
    """The sample with all of its owner's folders chosen, and a thousand messages of nobody that was heard of."""
    found = lasting_house("sample", provider)
    found.own = found.choose_all()
    for at in range(0, WAITING, FEW):
        found.deliver(*waiting(found, at), folder="Waiting")
    found.deliver(*waiting(found, 0), folder="Few")
    return found


@pytest.fixture
def fresh(house: Any) -> Any:
    """The house with a classifier that was just started: what the last test did to its breaker is forgotten."""
    with house.without("classifier"):
        pass
    return house


def waiting(house: Any, start: int) -> list[dict[str, Any]]:
    """Messages that no sender and no subject have in common, so that each is a question of its own."""
    words = ["".join(letters) for letters in product(LETTERS, repeat=3)]
    names = sorted(house.own)
    return [
        {"subject": f"About {names[n % len(names)]} {words[n]} {MARK}", "sender_address": f"{words[n]}@{words[n]}.test"}
        for n in range(start, start + FEW)
    ]


def engines(house: Any, scan: dict[str, Any]) -> Counter[str]:
    """Who decided, from the database: the preview would show the same, page by page."""
    return Counter(row[0] for row in house.query("SELECT engine FROM decision WHERE scan_id = ?", scan["id"]))


def spent(house: Any) -> int:
    """Tokens of all days."""
    return int(house.query("SELECT coalesce(sum(tokens), 0) FROM provider_spending")[0][0])


def bucket(house: Any, provider: Provider, seconds: str) -> tuple[float, float]:
    """(questions that took at most so long, all questions), from the classifier's metrics."""
    page = house.scraped(provider.metrics).decode()
    name = "provider_question_seconds"
    within = re.search(rf'{name}_bucket{{le="{seconds}"}} ([\d.]+)', page)
    count = re.search(rf"{name}_count ([\d.]+)", page)
    assert within is not None
    assert count is not None
    return float(within[1]), float(count[1])


def test_a_thousand_messages_with_a_throttling_provider(house: Any, provider: Provider) -> None:
    """400 ms an answer, a tenth 429: the scan ends, under its cap, each message in time, the tenth by the fallback."""
    provider.does("a_tenth_throttled", 0.4)
    before, started = spent(house), time.monotonic()
    scan = house.scan_of("Waiting")
    seconds = time.monotonic() - started
    found, cost = engines(house, scan), spent(house) - before
    within, asked = bucket(house, provider, "5.0")
    sys.stderr.write(f"1000 messages in {seconds:.0f} s, {dict(found)}, {cost} tokens\n")
    assert (scan["state"], scan["done"]) == ("done", WAITING)
    assert sum(found.values()) == WAITING
    assert 850 <= found["provider"] <= 920
    assert 0 < cost < CAP
    assert within == asked
    assert asked >= WAITING


def begun(house: Any, provider: Provider, asked: int) -> str:
    """A scan under way of which so many messages were asked about; its path."""
    before = len(provider.asked)
    scan = house.ask("POST", "/scans", 202, json={"folder_id": house.folder("Few")}).json()
    house.until(lambda: len(provider.asked) > before + asked, "the provider to be asked", pause=0.05)
    return f"/scans/{scan['id']}"


def whole(house: Any, scan: dict[str, Any]) -> Counter[str]:
    """Who decided, after a scan that lost nothing and chose nothing but the owner's folders."""
    found = engines(house, scan)
    assert (scan["state"], scan["done"], sum(found.values())) == ("done", FEW, FEW)
    folders = {row[0] for row in house.query("SELECT DISTINCT folder_id FROM decision WHERE scan_id = ?", scan["id"])}
    assert folders <= {*house.own.values(), None}
    return found


def test_the_provider_dies_in_the_middle_of_a_scan(fresh: Any, provider: Provider) -> None:
    """Nothing is lost: what it didn't answer is decided by what was learned, and every decision says who made it."""
    provider.does("by_word", 0.4)
    path = begun(fresh, provider, 50)
    provider.kill()
    ended = fresh.ended(path)
    provider.start()
    found = whole(fresh, ended)
    assert found["provider"] > 20
    assert found["learned"] + found["none"] > 50


@pytest.mark.parametrize("script", ["echo", "wrong JSON", "unknown id"])
def test_the_provider_garbles_in_the_middle_of_a_scan(fresh: Any, provider: Provider, script: str) -> None:
    """Nothing is lost, and no answer that isn't plain becomes a decision."""
    provider.does("by_word", 0.4)
    path = begun(fresh, provider, 50)
    provider.does(script)
    found = whole(fresh, fresh.ended(path))
    assert found["provider"] > 20
    assert found["learned"] + found["none"] > 50


def test_an_obedient_provider_moves_nothing_out_of_the_owner_s_folders(fresh: Any, provider: Provider) -> None:
    """Attacks through the whole house, sentinel in front, a model that obeys; then all that may be is approved."""
    provider.does("obedient")
    attacks = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()[::5]]
    texts = ("subject", "sender_name", "sender_address")
    delivered = fresh.deliver(*({name: one[name] for name in texts} for one in attacks), folder="Attacks")
    before = fresh.places()
    scan = fresh.scan_of("Attacks")
    kinds = Counter(row[0] for row in fresh.query("SELECT kind FROM decision WHERE scan_id = ?", scan["id"]))
    run = fresh.ended(f"/moves/{fresh.approve(scan)['id']}")
    after = fresh.places()
    chosen = {row[0] for row in fresh.query("SELECT graph_id FROM folder WHERE chosen")}
    moved = {one for one in delivered if before[one] != after[one]}
    assert (scan["state"], scan["done"], run["state"]) == ("done", len(attacks), "done")
    assert kinds["hold"] > 50
    assert len(moved) <= kinds["move"]
    assert {after[one] for one in moved} <= chosen
    assert fresh.moved_since(before) == moved


def test_at_the_cap_the_learned_engine_goes_on(fresh: Any, provider: Provider) -> None:
    """A day's cap that is used up: the scan is done, nobody is asked, and the estimate says what is left."""
    provider.does("by_word")
    before = len(provider.asked)
    with fresh.without("gateway"):
        _spend_all(fresh)
    estimate = fresh.ask("GET", "/scans/estimate", 200, params={"folder_id": fresh.folder("Few")}).json()
    assert whole(fresh, fresh.scan_of("Few"))["provider"] == 0
    assert len(provider.asked) == before
    assert (estimate["messages"], estimate["tokens_left"]) == (FEW, 0)
    assert estimate["tokens"] > 400 * FEW
    assert estimate["cost"] == pytest.approx(estimate["tokens"] * 0.15e-6, rel=0.2)


def _spend_all(house: Any) -> None:
    """As if the day had been busy."""
    path = house.place.path("data", "gateway.sqlite")
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute("UPDATE provider_spending SET tokens = ?", (CAP,))


def test_without_a_provider_an_estimate_is_nothing(sample_house: Any) -> None:
    """Off: no tokens, no money; a folder that isn't there is not found; another's is as absent."""
    estimate = sample_house.ask("GET", "/scans/estimate", 200).json()
    assert estimate["messages"] > 100
    nothing = {"provider": "off", "tokens": 0, "cost": 0.0, "tokens_left": 0, "cost_left": 0.0}
    assert {name: value for name, value in estimate.items() if name != "messages"} == nothing
    sample_house.ask("GET", "/scans/estimate", 404, params={"folder_id": "fld_absent"})
    assert sample_house.http.get("/api/v1/status").json()["provider"] == "off"


def test_the_status_says_how_the_provider_is(house: Any) -> None:
    """In a word, beside readiness and not part of it."""
    status = house.http.get("/api/v1/status").json()
    assert status["ready"] is True
    assert status["provider"] in {"ready", "resting", "unenforced"}


def test_prompts_hold_forms_of_what_was_inspected_and_no_recipient(house: Any, provider: Provider) -> None:
    """What reached the provider in all these scans: no blank inside of data, no id of ours, no recipient, no key."""
    assert len(provider.asked) >= 1000
    shown = [
        body for body in provider.asked if re.search(r"^f\d\d subject ", body["messages"][1]["content"], re.MULTILINE)
    ]
    assert len(shown) > 100, "no filings were shown as examples"
    ours = [*house.own.values(), house.mailbox, "you@sandbox.test", f"key{MARK}"]
    for body in provider.asked:
        user = body["messages"][1]["content"]
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', user)
        assert strings
        assert [one for one in strings if " " in one] == []
        assert [one for one in ours if one in user] == []


def test_nothing_of_it_is_kept_or_logged(house: Any, provider: Provider) -> None:
    """Database, logs and metrics of three processes: no text of mail, no prompt, no key."""
    root = house.place.root
    kept = {path.name: path.read_bytes() for folder in ("data", "logs") for path in (root / folder).iterdir()}
    kept["metrics"] = house.scraped(provider.metrics)
    assert len(kept) > 5
    for forbidden in (MARK, "File this message", "you file one e-mail"):
        assert [name for name, content in kept.items() if forbidden.encode().lower() in content.lower()] == []
