"""The gateway's REST API as the command line needs it. Untyped JSON ends here."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from cli.problem import problem
from cli.sign_in import SignedIn
from cli.sorted_message import Evidence, SortedMessage

PAGE = 100  # decisions a page, the API's most
POLL_SECONDS = 0.2  # 300 questions a minute, half of what the gateway allows a person
MAX_POLL_SECONDS = 2.0  # each question counts the decisions so far, which takes the longer the more there are
POLL_SHARE = 0.02  # of the time that the scan has taken: a scan of minutes needs no five looks a second
PATIENCE = 60.0  # seconds that a gateway which was started again may need to answer
BUSY_TRIES = 5  # when the gateway says "later" so often, it means it
MAX_WAIT = 60.0  # seconds that "later" may be
FINAL = frozenset({"done", "failed", "cancelled"})

_DECISIONS = {"move": "move", "keep": "keep", "review": "review", "hold": "held"}


class GatewayRefused(Exception):
    """The gateway answered with a problem; its words say what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the mailbox; total counts its messages."""

    id: str
    name: str
    total: int
    well_known: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is."""

    state: str
    done: int
    total: int
    learned: int
    error: str | None

    @classmethod
    def none(cls) -> "Progress":
        """Before anything is known."""
        return cls("queued", 0, 0, 0, None)


class GatewayClient:
    """One signed-in person, one mailbox."""

    def __init__(self, http: httpx.Client, sign_in: Callable[[], SignedIn]) -> None:
        """sign_in is asked at once, and again when the access token, which lasts ten minutes, has run out."""
        self._http = http
        self._sign_in = sign_in
        self._signed_in = sign_in()
        self._known: dict[str, str] | None = None

    def folders(self) -> list[Folder]:
        """All folders, live from the mailbox."""
        items = self._ask("GET", "/folders").json()["items"]
        self._known = {item["id"]: item["name"] for item in items}
        return [Folder(item["id"], item["name"], item["total"], item["well_known"]) for item in items]

    def choose(self, folder: Folder) -> None:
        """Lets mail be filed into the folder."""
        self._ask("PATCH", f"/folders/{folder.id}", json={"chosen": True})

    def scan(self, heard: Callable[[Progress | None], None]) -> str:
        """Scans the inbox to its end; the scan's id. heard is told how far it is, None while nobody answers."""
        headers = {"Idempotency-Key": secrets.token_urlsafe(16)}
        scan = self._ask("POST", "/scans", json={}, headers=headers).json()
        path, began = f"/scans/{scan['id']}", time.monotonic()
        answered = began
        while scan["state"] not in FINAL:
            time.sleep(_pause(time.monotonic() - began))
            try:
                scan, answered = self._ask("GET", path).json(), time.monotonic()
            except httpx.TransportError:
                if time.monotonic() - answered > PATIENCE:
                    raise
                heard(None)
            else:
                heard(_progress(scan))
        if scan["state"] != "done":
            raise GatewayRefused(f"the scan ended as {scan['state']} ({scan['error_code']}); nothing has moved")
        return str(scan["id"])

    def decisions(self, scan: str, kind: str | None = None) -> Iterator[SortedMessage]:
        """The preview, page by page, in the mailbox's order."""
        names = self._names()
        parameters: dict[str, Any] = {"limit": PAGE} | ({"kind": kind} if kind else {})
        while True:
            page = self._ask("GET", f"/scans/{scan}/decisions", params=parameters).json()
            yield from (_message(item, names) for item in page["items"])
            if page["next_cursor"] is None:
                return
            parameters["cursor"] = page["next_cursor"]

    def counts(self, scan: str) -> dict[str, int]:
        """How many of each decision: move, keep, review, held."""
        counts = self._ask("GET", f"/scans/{scan}").json()["counts"]
        return {ours: counts[theirs] for theirs, ours in _DECISIONS.items()}

    def _names(self) -> dict[str, str]:
        if self._known is None:
            self._known = {folder.id: folder.name for folder in self.folders()}
        return self._known

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        response = self._patiently(method, path, **arguments)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._signed_in = self._sign_in()
            response = self._patiently(method, path, **arguments)
        if response.is_error:
            raise GatewayRefused(problem(response))
        return response

    def _patiently(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """The answer; "later" only when that was said BUSY_TRIES times."""
        headers = {"Authorization": f"Bearer {self._signed_in.token}"} | arguments.pop("headers", {})
        url = f"/api/v1/mailboxes/{self._signed_in.mailbox}{path}"
        for _ in range(BUSY_TRIES):
            response = self._http.request(method, url, headers=headers, **arguments)
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            time.sleep(_later(response))
        return response


def _pause(waited: float) -> float:
    return min(POLL_SECONDS + waited * POLL_SHARE, MAX_POLL_SECONDS)


def _later(response: httpx.Response) -> float:
    said = response.headers.get("retry-after", "")
    return min(float(said), MAX_WAIT) if said.isdecimal() else 1.0


def _progress(scan: dict[str, Any]) -> Progress:
    return Progress(scan["state"], scan["done"], scan["total"], scan["learned"], scan["error_code"])


def _message(item: dict[str, Any], names: dict[str, str]) -> SortedMessage:
    text = item["message"] or {"subject": None, "sender_name": None, "sender_address": None}
    return SortedMessage(
        id=item["id"],
        subject=text["subject"],
        sender_name=text["sender_name"],
        sender_address=text["sender_address"],
        decision=_DECISIONS[item["kind"]],
        folder=names.get(item["folder_id"]),
        confidence=item["confidence"] or 0.0,
        reason=item["reason"],
        risk=item["risk"],
        findings=tuple(Evidence(**finding) for finding in item["findings"]),
    )
