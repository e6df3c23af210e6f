"""What end-to-end and fault tests share: a whole house of real processes over real TLS, and its doors."""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import _ssl
import ctypes
import json
import os
import secrets
import sqlite3
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from recorder import Recorder

from chassis.tls import TlsFiles
from cli import up
from cli.child import Child
from cli.house import CLASSIFIER, GATEWAY, HOST, PROMETHEUS, SENTINEL, House, Ports, free_port
from cli.place import Place
from cli.sign_in import sign_in


def _take_up_openssl_conf() -> None:
    """Pytest had OpenSSL read its settings before chassis named ours; a service has not. Here they are read again."""
    openssl = ctypes.CDLL(_ssl.__file__)
    assert openssl.CONF_modules_load_file(os.environ["OPENSSL_CONF"].encode(), None, ctypes.c_ulong(0)) == 1


_take_up_openssl_conf()
os.environ.pop("COLUMNS", None)  # a terminal's, or what stands in for one where tests run side by side


def pytest_configure(config: pytest.Config) -> None:
    """Every run leaves its results for `mail-organiser policy`."""
    config.pluginmanager.register(Recorder(Path(__file__).parents[1]), "proofs")


PATIENCE = 120.0  # seconds for anything that must happen on a busy machine
RENEW = 480.0  # seconds after which a house that several tests share signs in again: a token lasts 600
LATE = "2026-11-30T12:00:00+00:00"  # after all mail of a seed
ASK_PAUSE = 0.15  # seconds between two looks through the door: a person has 600 requests a minute


class RunningHouse:
    """Sandbox, sentinel, classifier and gateway, signed in, with the sandbox's control at hand."""

    def __init__(self, root: Path, seed: str, stack: ExitStack, adjust: "Adjust | None" = None) -> None:
        """adjust: may rewrite the settings, or start what stands between, before anything starts."""
        self.place = Place.make(root)
        self.ports = Ports.choose(0)
        self.house = House(self.place, self.ports, seed)
        self.house.renew()
        self.watch: Watch | None = None
        self.own: dict[str, str] = {}  # ids of the owner's chosen folders, by the last word of their names
        self.met: dict[str, str] = {}  # ids of folders, by the names and well-known names that were asked for
        self.children: dict[str, Child] = {}
        children = [*self.house.engines(), *self.house.mailbox()]
        if adjust is not None:
            adjust(self, stack)
        for child in children:
            child.start()
            stack.callback(child.stop)
            self.children[child.name] = child
        self.tls = ssl.create_default_context(cafile=str(self.house.authority))
        self.http = stack.enter_context(up._client(self.house))
        self.ready()
        self.sign_in()

    def sign_in(self) -> None:
        """A new session."""
        answer = sign_in(self.http, self.house.url)
        self.token = str(answer["access_token"])
        self.mailbox = str(answer["mailboxes"][0])  # type: ignore[index]  # JSON
        self.signed_in_at = time.monotonic()

    def ready(self) -> None:
        """Waits until the gateway and all behind it answer."""
        self.until(self._is_ready, "the house to be ready")

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def until(self, condition: Callable[[], Any], what: str, patience: float = PATIENCE, pause: float = 0.02) -> Any:
        """What condition answers, once it is true."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(pause)
        raise AssertionError(f"waited {patience:.0f} s for {what}: " + self.logs()[-2000:])

    def ask(self, method: str, path: str, status: int | None = None, **arguments: Any) -> httpx.Response:
        """One request under /api/v1/mailboxes/{mailbox}, signed in."""
        if time.monotonic() - self.signed_in_at > RENEW:
            self.sign_in()
        headers = {"Authorization": f"Bearer {self.token}", **arguments.pop("headers", {})}
        url = path if path.startswith("/api") else f"/api/v1/mailboxes/{self.mailbox}{path}"
        response = self.http.request(method, url, headers=headers, **arguments)
        assert status is None or response.status_code == status, response.text
        return response

    def choose_all(self) -> dict[str, str]:
        """Chooses every folder of the owner's own; their ids by name."""
        folders = self.ask("GET", "/folders", 200).json()["items"]
        own = {folder["name"]: folder["id"] for folder in folders if folder["well_known"] is None}
        for folder in own.values():
            self.ask("PATCH", f"/folders/{folder}", 200, json={"chosen": True})
        return own

    def scan(self) -> dict[str, Any]:
        """A scan of the inbox, ended."""
        scan = self.ask("POST", "/scans", 202, json={}).json()
        return self.ended(f"/scans/{scan['id']}")

    def approve(self, scan: dict[str, Any], **body: Any) -> dict[str, Any]:
        """The run that carries out a preview, just queued."""
        headers = {"If-Match": f'"{scan["revision"]}"', "Idempotency-Key": secrets.token_hex(8)}
        run: dict[str, Any] = self.ask(
            "POST", "/moves", 202, json={"scan_id": scan["id"], **body}, headers=headers
        ).json()
        return run

    def undo(self, run: dict[str, Any], **body: Any) -> dict[str, Any]:
        """The run that takes another back, just queued."""
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        undo: dict[str, Any] = self.ask("POST", f"/moves/{run['id']}/undo", 202, json=body, headers=headers).json()
        return undo

    def ended(self, path: str) -> dict[str, Any]:
        """The scan or run at this path, once it has ended."""

        def final() -> dict[str, Any] | None:
            found: dict[str, Any] = self.ask("GET", path, 200).json()
            return found if found["state"] in {"done", "failed", "cancelled"} else None

        ended: dict[str, Any] = self.until(final, f"{path} to end", pause=ASK_PAUSE)
        return ended

    def deliver(self, *messages: dict[str, Any], folder: str | None = None) -> list[str]:
        """New mail, in the inbox or a folder that is made when absent; immutable ids."""
        plain = {"sender_name": "Somebody", "sender_address": "somebody@else.test", "received_at": LATE}
        whole = [{**plain, "folder": folder, **message} for message in messages]
        return list(self.control("POST", "/messages", {"messages": whole})["immutable_ids"])

    def folder(self, name: str) -> str:
        """A folder's id of ours, by its name or well-known name; read live once: Graph gives 10,000 requests."""
        if name not in self.met:
            folders = self.ask("GET", "/folders", 200).json()["items"]
            self.met[name] = next(str(one["id"]) for one in folders if name in {one["name"], one["well_known"]})
        return self.met[name]

    def scan_of(self, name: str) -> dict[str, Any]:
        """A scan of one folder, ended."""
        scan = self.ask("POST", "/scans", 202, json={"folder_id": self.folder(name)}).json()
        return self.ended(f"/scans/{scan['id']}")

    def decisions(self, scan: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
        """The whole preview."""
        rows: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.ask("GET", f"/scans/{scan['id']}/decisions", 200, params={**parameters, **cursor}).json()
            rows += page["items"]
            if page["next_cursor"] is None:
                return rows
            cursor = {"cursor": page["next_cursor"]}

    def control(self, method: str, path: str, document: Any = None) -> Any:
        """The sandbox's own door for tests."""
        token = self.place.path("secrets", "control-token").read_text().strip()
        url = f"https://127.0.0.1:{self.ports.sandbox}/control{path}"
        headers = {"Authorization": f"Bearer {token}"}
        body = None if document is None else json.dumps(document)  # ASCII: lone surrogates pass as escapes
        response = self.http.request(method, url, headers=headers, content=body)
        assert response.status_code == 200, response.text
        return response.json()

    def scraped(self, port: int) -> bytes:
        """A process's metrics page, as Prometheus gets it."""
        files = self.house.files(PROMETHEUS)
        trust = ssl.create_default_context(cafile=str(self.house.authority))
        trust.load_cert_chain(files.certificate, files.key)
        return httpx.get(f"https://{HOST}:{port}/metrics", verify=trust, trust_env=False).raise_for_status().content

    def faults(self, *rules: dict[str, Any], seed: int = 1) -> None:
        """Puts these faults in force, and no others."""
        self.control("POST", "/faults", {"seed": seed, "faults": list(rules)})

    def places(self) -> dict[str, str]:
        """Where every message is: immutable id to folder id."""
        return {one["immutable_id"]: one["folder_id"] for one in self.control("GET", "/state")["messages"]}

    def moved_since(self, before: dict[str, str]) -> set[str]:
        """What is elsewhere or gone now. A set, because comparing thousands of places takes minutes to explain."""
        now = self.places()
        return {one for one, place in before.items() if now.get(one) != place}

    def moves(self) -> dict[str, int]:
        """How often every message was moved."""
        return {one["immutable_id"]: one["moves"] for one in self.control("GET", "/state")["messages"]}

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Reads the gateway's database, as an onlooker."""
        path = self.place.path("data", "gateway.sqlite")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def kill(self, name: str) -> None:
        """SIGKILL, and nothing else."""
        process = self.children[name]._process
        assert process is not None
        process.kill()
        process.wait()

    def restart(self, name: str) -> None:
        """Starts a killed process again, as a supervisor would."""
        self.children[name].start()
        self.ready()

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """While inside, this process is dead; afterwards it is there again."""
        self.kill(name)
        try:
            yield
        finally:
            self.restart(name)

    @contextmanager
    def faulty(self, *rules: dict[str, Any], seed: int = 1) -> Iterator[None]:
        """While inside, these faults are in force; each must have struck."""
        self.faults(*rules, seed=seed)
        try:
            yield
            struck = {fault["fault"]: fault["struck"] for fault in self.control("GET", "/faults")["faults"]}
            assert all(struck.values()), f"a fault never struck: {struck}"
        finally:
            self.faults()

    def logs(self) -> str:
        """Everything that every process wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.place.root.glob("logs/*.log")))


Adjust = Callable[[RunningHouse, ExitStack], None]
MakeHouse = Callable[..., RunningHouse]


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[MakeHouse]:
    """Builds a house over a seed ("sample" or the path of a mailbox); ended with the test."""
    with ExitStack() as stack:
        yield lambda seed="sample": RunningHouse(tmp_path / f"house-{secrets.token_hex(4)}", seed, stack)


@pytest.fixture(scope="session")
def sample_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """One house over the sample, for tests that leave it as they found it."""
    with ExitStack() as stack:
        yield RunningHouse(tmp_path_factory.mktemp("sample-house"), "sample", stack)


@pytest.fixture(scope="session")
def lasting_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeHouse]:
    """Builds a house that lasts for the session, for the fixtures that several tests share."""
    with ExitStack() as stack:

        def make(seed: str = "sample", adjust: Adjust | None = None) -> RunningHouse:
            return RunningHouse(tmp_path_factory.mktemp("lasting-house"), seed, stack, adjust)

        yield make


MARKS = {name: f"{name}mark9f31c7" for name in ("subject", "person", "address", "folder", "description")}
POISON = "poison 41d07b"  # a text that sentinel's tap refuses, as a peer would that can't take it
FILED, WAITING = 20, 24  # messages in each folder of the watched house, and in each one's waiting folder
BULK = 5000  # messages in its inbox
SERVICES = {
    "sentinel": ("mail_organiser.sentinel.v1.SentinelService", ["Inspect"], SENTINEL),
    "classifier": (
        "mail_organiser.classifier.v1.ClassifierService",
        ["Classify", "Learn", "Forget", "GetProvider"],
        CLASSIFIER,
    ),
}


class Watch:
    """Everything that a watched house lets out: bytes to its peers, spans, metrics, logs, answers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spans: list[bytes] = []
        self.answers: list[tuple[str, str, int, bytes]] = []
        self.metrics = {name: free_port() for name in ("gateway", "sentinel", "classifier")}
        self.records = {name: root / f"{name}.tap" for name in SERVICES}

    def __call__(self, house: RunningHouse, stack: ExitStack) -> None:
        """Puts taps between gateway and its peers, a collector behind all, and metrics on known ports."""
        self.scrape = house.scraped
        collector = f'otlp_endpoint = "http://{HOST}:{self._collect(stack)}"\n'
        metrics = f'metrics_address = "{HOST}:{self.metrics["sentinel"]}"\n'
        self._settings(house, "sentinel", before=collector + metrics)
        self._settings(house, "classifier", before=collector, after=f"[metrics]\nport = {self.metrics['classifier']}\n")
        port = f"metrics_port = {self.metrics['gateway']}\n"
        self._settings(house, "gateway", before=f"{collector}otlp_sampled = 1.0\n{port}")
        self._settings(house, "sandbox", before='more_users = ["other@sandbox.test"]\n')
        for name in SERVICES:
            self._tap(house, name, stack)

    def answered(self, response: httpx.Response) -> None:
        """Keeps an answer of the gateway."""
        response.read()
        path = response.request.url.path
        if not path.startswith(("/control", "/00000000")):
            self.answers.append((response.request.method, path, response.status_code, response.content))

    def scraped(self) -> bytes:
        """All metrics pages."""
        return b"".join(self.scrape(port) for port in self.metrics.values())

    def _collect(self, stack: ExitStack) -> int:
        """A loopback OTLP collector that keeps the bytes it is sent."""

        def export(request: bytes, _: object) -> bytes:
            self.spans.append(request)
            return b""

        server = grpc.server(ThreadPoolExecutor(2))
        handlers = {"Export": grpc.unary_unary_rpc_method_handler(export)}
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        port = server.add_insecure_port(f"{HOST}:0")
        server.start()
        stack.callback(lambda: server.stop(0).wait())
        return port

    def _tap(self, house: RunningHouse, name: str, stack: ExitStack) -> None:
        service, methods, certificate = SERVICES[name]
        port, target = free_port(), getattr(house.ports, name)
        config = {
            "address": f"{HOST}:{port}",
            "target": f"{HOST}:{target}",
            "name": certificate,
            "server": _files(house.house.files(certificate)),
            "client": _files(house.house.files(GATEWAY)),
            "service": service,
            "methods": methods,
            "record": str(self.records[name]),
            "refuse": POISON,
        }
        path = self.root / f"{name}-tap.json"
        path.write_text(json.dumps(config))
        program = str(Path(__file__).parent / "tap.py")
        tap = Child(f"{name}-tap", [sys.executable, program, str(path)], self.root / "log")
        tap.start()
        stack.callback(tap.stop)
        settings = house.place.path("settings", "gateway.toml")
        settings.write_text(settings.read_text().replace(f'"{HOST}:{target}"', f'"{HOST}:{port}"'))

    @staticmethod
    def _settings(house: RunningHouse, name: str, before: str = "", after: str = "") -> None:
        path = house.place.path("settings", f"{name}.toml")
        path.write_text(before + path.read_text() + after)


def _files(tls: TlsFiles) -> list[str]:
    return [str(tls.certificate), str(tls.key), str(tls.authority)]


def marked_mail() -> list[dict[str, str]]:
    """Filed and waiting mail of three correspondents in which every text carries its mark, and a large inbox."""
    names = ("receipts", "journeys", "builds")
    senders = {one: f"{MARKS['person']} {one} <{MARKS['address']}.{one}@shop.test>" for one in names}
    subjects = {one: f"{MARKS['subject']} about {one} number {{}} {MARKS['subject']}" for one in names}

    def mail(one: str, number: int, label: str) -> dict[str, str]:
        return {"from": senders[one], "subject": subjects[one].format(number), "label": label}

    filed = [mail(one, n, f"{MARKS['folder']} {one}") for n in range(FILED) for one in names]
    waiting = [mail(one, FILED + n, "Waiting") for n in range(WAITING) for one in names]
    return [*filed, *waiting, *(mail(names[n % 3], 100 + n, "Inbox") for n in range(BULK))]


@pytest.fixture(scope="session")
def watched(make_watched: Callable[[], RunningHouse]) -> RunningHouse:
    """One house over marked mail of which everything that it lets out is kept. Tests work in folders of their own.

    tests/policy has another one: Graph gives a mailbox 10,000 requests in 10 minutes, and both together need more.
    """
    return make_watched()


@pytest.fixture(scope="session")
def scanned(make_watched: Callable[[], RunningHouse]) -> RunningHouse:
    """Another such house, for tests that scan and look through its mail again and again; for the same reason."""
    return make_watched()


@pytest.fixture(scope="session")
def make_watched(lasting_house: MakeHouse, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], RunningHouse]:
    """Builds a watched house that lasts for the session."""
    return lambda: _watched(lasting_house, tmp_path_factory.mktemp("watch"))


def _watched(lasting_house: MakeHouse, root: Path) -> RunningHouse:
    (root / "mail.mbox").write_bytes(mbox(marked_mail()))
    watch = Watch(root)
    house = lasting_house(str(root / "mail.mbox"), watch)
    house.watch = watch
    house.http.event_hooks["response"].append(watch.answered)
    folders = house.ask("GET", "/folders", 200).json()["items"]
    house.own = {one["name"].split()[-1]: one["id"] for one in folders if MARKS["folder"] in one["name"]}
    for folder in house.own.values():
        body = {"chosen": True, "description": f"{MARKS['description']} of what belongs here"}
        house.ask("PATCH", f"/folders/{folder}", 200, json=body)
    return house


def mbox(messages: list[dict[str, str]]) -> bytes:
    """A Takeout-like mbox of made-up mail; "label" files a message."""
    parts = []
    for number, message in enumerate(messages):
        label = f"X-Gmail-Labels: {message['label']}\n" if "label" in message else "X-Gmail-Labels: Inbox\n"
        day = f"{number % 28 + 1:02d} Jan 2026 {number // 60 % 24:02d}:{number % 60:02d}:00 +0000"
        parts.append(
            f"From - Thu Jan 01 00:00:00 2026\n{label}From: {message['from']}\nTo: you@sandbox.test\n"
            f"Subject: {message['subject']}\nDate: {day}\nMessage-ID: <{number}@made.test>\n\nbody\n\n"
        )
    return "".join(parts).encode()


@pytest.fixture
def make_mbox(tmp_path: Path) -> Callable[[list[dict[str, str]]], str]:
    """Writes made-up mail to a file; returns its path."""

    def write(messages: list[dict[str, str]]) -> str:
        path = tmp_path / f"mail-{secrets.token_hex(4)}.mbox"
        path.write_bytes(mbox(messages))
        return str(path)

    return write
