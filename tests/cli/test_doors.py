"""What the command does when a door is shut, slow or full. The other side is made up, answer by answer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from chassis.errors import StartRefused
from cli import key_file
from cli.gateway_client import BUSY_TRIES, GatewayClient, GatewayRefused, Progress
from cli.house import House, Ports
from cli.place import Place
from cli.problem import problem
from cli.sign_in import SignedIn, SignInFailed, sign_in, signed_in
from cli.unusable import Unusable
from cli.up import _missing

Answer = Callable[[httpx.Request], httpx.Response]
BUSY = httpx.Response(
    429, headers={"Retry-After": "0"}, json={"title": "Too many", "detail": "Later.", "code": "quota"}
)


def http(answer: Answer) -> httpx.Client:
    """A client whose every request is answered by this function."""
    return httpx.Client(base_url="https://house.test", transport=httpx.MockTransport(answer))


def ada() -> SignedIn:
    """Who signs in."""
    return SignedIn("first", "mbx_1")


def scan(state: str, done: int = 0) -> httpx.Response:
    """How far a scan is, as the gateway tells it."""
    known = {"id": "scn_1", "state": state, "done": done, "total": 2, "learned": 1, "error_code": None, "counts": {}}
    return httpx.Response(200, json=known)


def one_by_one(*answers: httpx.Response | Exception) -> Answer:
    """These answers, in this order."""
    coming: Iterator[httpx.Response | Exception] = iter(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(one := next(coming), Exception):
            raise one
        return one

    return answer


def test_ready_means_the_sandbox_too(tmp_path: Path) -> None:
    """A large mailbox is still being read when the gateway is ready; nobody can sign in before it is in."""
    house = House(Place.make(tmp_path), Ports(1, 2, 3, 4), "sample")
    parts = {"database": True, "sentinel": True, "classifier": False}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.port == 2:
            raise httpx.ConnectError("nobody there yet")
        return httpx.Response(503, json={"parts": parts})

    assert _missing(http(answer), house) == ["classifier", "sandbox"]
    parts["classifier"] = True
    assert _missing(http(answer), house) == ["sandbox"]
    assert _missing(http(lambda _: httpx.Response(200, json={"parts": parts})), house) == []
    assert _missing(http(one_by_one(httpx.ConnectError("nobody"))), house) == ["gateway"]


def test_a_scan_outlives_a_gateway_that_is_started_again() -> None:
    """While nobody answers, the caller is told so, to look after its processes; then the scan goes on to its end."""
    answers = one_by_one(scan("queued"), httpx.ConnectError("gone"), scan("running", 1), scan("done", 2))
    heard: list[Progress | None] = []
    assert GatewayClient(http(answers), ada).scan(heard.append) == "scn_1"
    assert [one and one.done for one in heard] == [None, 1, 2]


def test_a_failed_scan_is_told() -> None:
    """With its code, and that nothing has moved."""
    client = GatewayClient(http(one_by_one(scan("queued"), scan("failed"))), ada)
    with pytest.raises(GatewayRefused, match=r"ended as failed.*nothing has moved"):
        client.scan(lambda _: None)


def test_a_busy_gateway_is_asked_again_but_not_for_ever() -> None:
    """429 is no failure until it has been said so often."""
    client = GatewayClient(http(one_by_one(BUSY, httpx.Response(200, json={"items": []}))), ada)
    assert client.folders() == []
    client = GatewayClient(http(one_by_one(*[BUSY] * BUSY_TRIES)), ada)
    with pytest.raises(GatewayRefused, match="Too many: Later"):
        client.folders()


def test_an_access_token_that_ran_out_is_renewed_once() -> None:
    """A scan may take longer than the ten minutes that a token lasts; a refusal of the new one is a refusal."""
    tokens = iter(["first", "second"])
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["Authorization"], request.url.path))
        return httpx.Response(200 if "second" in seen[-1][0] else 401, json={"items": []})

    client = GatewayClient(http(answer), lambda: SignedIn(next(tokens), "mbx_1"))
    assert client.folders() == []
    assert seen == [(f"Bearer {token}", "/api/v1/mailboxes/mbx_1/folders") for token in ("first", "second")]
    refused = GatewayClient(http(lambda _: httpx.Response(401)), ada)
    with pytest.raises(GatewayRefused, match="401"):
        refused.folders()


def test_a_refused_sign_in_says_the_gateways_own_words() -> None:
    """Title, detail and code of the problem; just the status when there is none, and never a page's text."""
    refusal = httpx.Response(503, json={"title": "Unavailable", "detail": "Nobody there.", "code": "unavailable"})
    with pytest.raises(SignInFailed, match=r"'start': Unavailable: Nobody there\. \(503 unavailable\)"):
        sign_in(http(one_by_one(refusal)), "https://house.test")
    exchanged = {"access_token": "t", "mailboxes": []}
    start = httpx.Response(200, json={"url": "https://authority.test/"})
    back = httpx.Response(303, headers={"Location": "https://house.test/#code=c"})
    with pytest.raises(SignInFailed, match="no mailbox"):
        signed_in(http(one_by_one(start, back, httpx.Response(200, json=exchanged))), "https://house.test")
    assert problem(httpx.Response(502, text="<h1>secret</h1>")) == "the answer was 502, without saying why"
    assert problem(httpx.Response(500, json=["secret"])) == "the answer was 500, without saying why"


KEY = "mok_" + "a" * 59


def test_a_key_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Readable by others, empty, missing, or no key: refused in words that do not hold what is in it."""
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o644)
    with pytest.raises(StartRefused, match="chmod 600"):
        key_file.read(path)
    path.chmod(0o600)
    assert key_file.read(path) == KEY
    for wrong in ("secret-canary", KEY.upper(), f"{KEY} {KEY}"):
        path.write_text(wrong)
        with pytest.raises(Unusable) as refused:
            key_file.read(path)
        assert wrong not in str(refused.value)
    with pytest.raises(StartRefused):
        key_file.read(tmp_path / "absent")


def test_a_key_comes_in_without_a_sign_in(tmp_path: Path) -> None:
    """It asks which mailboxes it opens, and takes the first; a key that is refused is told in the gateway's words."""
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o600)

    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.headers["authorization"]) == ("/api/v1/mailboxes", f"Bearer {KEY}")
        return httpx.Response(200, json={"items": [{"id": "mbx_1"}, {"id": "mbx_2"}]})

    assert key_file.signed_in(http(answer), "https://house.test", path) == SignedIn(KEY, "mbx_1")
    over = httpx.Response(401, json={"title": "Not signed in", "detail": "Use another key.", "code": "unauthenticated"})
    for refusal, words in ((over, "another key"), (httpx.Response(200, json={"items": []}), "no mailbox")):
        with pytest.raises(GatewayRefused, match=words):
            key_file.signed_in(http(one_by_one(refusal)), "https://house.test", path)
