"""A sandbox says so wherever anybody looks."""

import socket
from typing import Any

import httpx

HEADER = "x-mail-organiser-mode"


def test_every_answer_says_sandbox(watched: Any) -> None:
    """Pages, the API, refusals, and what never becomes a request."""
    answers = [
        watched.http.get("/"),
        watched.http.get("/nothing"),
        watched.ask("GET", "/api/v1/mailboxes", 200),
        watched.http.get("/api/v1/mailboxes"),
        watched.http.request("TRACE", "/"),
    ]
    assert [answer.headers.get_list(HEADER) for answer in answers] == [["sandbox"]] * 5
    assert {answer.status_code for answer in answers} == {200, 401, 404, 405}
    assert b"\r\nx-mail-organiser-mode: sandbox\r\n" in malformed(watched)


def malformed(house: Any) -> bytes:
    """What comes back to bytes that are no request."""
    with (
        socket.create_connection(("127.0.0.1", house.ports.gateway), timeout=60) as plain,
        house.tls.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(b"no request\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_status_and_metrics_say_sandbox(watched: Any) -> None:
    """Without signing in, and to Prometheus."""
    answer: httpx.Response = watched.http.get("/api/v1/status")
    assert answer.json()["mode"] == "sandbox"
    lines = watched.scraped(watched.watch.metrics["gateway"]).decode().splitlines()
    (build,) = [line for line in lines if line.startswith("mail_organiser_build_info{")]
    assert 'mode="sandbox"' in build
    assert build.endswith(" 1.0")
