"""A whole answer: one message to our own connection, ASGI's two to any other server."""

from typing import Any

import pytest

from gateway.edge.answer import WHOLE, answer

HEADERS = [(b"content-length", b"2")]


async def said(**scope: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await answer({"type": "http", **scope}, send, 200, HEADERS, b"ok")
    return sent


async def test_our_connection_takes_it_in_one() -> None:
    """So each layer looks at one message."""
    assert await said(method="GET", **{WHOLE: True}) == [
        {"type": "http.response.start", "status": 200, "headers": HEADERS, "body": b"ok"}
    ]


async def test_any_other_server_gets_what_asgi_says() -> None:
    """It would wait for the body otherwise."""
    assert await said(method="GET") == [
        {"type": "http.response.start", "status": 200, "headers": HEADERS},
        {"type": "http.response.body", "body": b"ok"},
    ]


@pytest.mark.parametrize("scope", [{}, {WHOLE: True}])
async def test_head_has_no_body(scope: dict[str, Any]) -> None:
    """Whoever takes it."""
    assert (await said(method="HEAD", **scope))[-1]["body"] == b""
