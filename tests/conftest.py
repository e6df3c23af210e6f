"""What end-to-end and fault tests share: a whole house of real processes over real TLS, and its doors."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import up
from cli.child import Child
from cli.house import House, Ports
from cli.place import Place
from cli.sign_in import sign_in

PATIENCE = 120.0  # seconds for anything that must happen on a busy machine


class RunningHouse:
    """Sandbox, sentinel, classifier and gateway, signed in, with the sandbox's control at hand."""

    def __init__(self, root: Path, seed: str, stack: ExitStack) -> None:
        self.place = Place.make(root)
        self.ports = Ports.choose(0)
        self.house = House(self.place, self.ports, seed)
        self.house.renew()
        self.children: dict[str, Child] = {}
        for child in [*self.house.engines(), *self.house.mailbox()]:
            child.start()
            stack.callback(child.stop)
            self.children[child.name] = child
        self.http = stack.enter_context(up._client(self.house))
        self.ready()
        self.sign_in()

    def sign_in(self) -> None:
        """A new session."""
        answer = sign_in(self.http, self.house.url)
        self.token = str(answer["access_token"])
        self.mailbox = str(answer["mailboxes"][0])  # type: ignore[index]  # JSON

    def ready(self) -> None:
        """Waits until the gateway and all behind it answer."""
        self.until(self._is_ready, "the house to be ready")

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def until(self, condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
        """What condition answers, once it is true."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.02)
        raise AssertionError(f"waited {patience:.0f} s for {what}: " + self.logs()[-2000:])

    def ask(self, method: str, path: str, status: int | None = None, **arguments: Any) -> httpx.Response:
        """One request under /api/v1/mailboxes/{mailbox}, signed in."""
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

        ended: dict[str, Any] = self.until(final, f"{path} to end")
        return ended

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
        response = self.http.request(method, url, headers=headers, json=document)
        assert response.status_code == 200, response.text
        return response.json()

    def faults(self, *rules: dict[str, Any], seed: int = 1) -> None:
        """Puts these faults in force, and no others."""
        self.control("POST", "/faults", {"seed": seed, "faults": list(rules)})

    def places(self) -> dict[str, str]:
        """Where every message is: immutable id to folder id."""
        return {one["immutable_id"]: one["folder_id"] for one in self.control("GET", "/state")["messages"]}

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

    def logs(self) -> str:
        """Everything that every process wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.place.root.glob("logs/*.log")))


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
