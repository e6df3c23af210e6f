"""The endpoint by itself: what it reads of an answer, where it goes, and what it calls what went wrong."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chassis.authority import LocalAuthority
from chassis.errors import StartRefused
from classifier.provider.answer import Chosen
from classifier.provider.endpoint import Endpoint
from classifier.provider.failure import AskFailed, Kind
from classifier.provider.prompt import probe
from classifier.provider.template import load

BIG = 40_000_000  # bytes


@pytest.fixture
def asking(authority: LocalAuthority, part: Any) -> Any:
    """Opens an endpoint over a server that answers by a script."""

    @asynccontextmanager
    async def opened(script: Any) -> AsyncIterator[tuple[Endpoint, Any]]:
        files = authority.issue("provider.example", ["127.0.0.1"])
        server = part("scripted_server").ScriptedServer(script)
        await server.start(files.certificate, files.key)
        endpoint = Endpoint.connect(server.url, "m", api_key="k", authority=files.authority, connect_seconds=1.0)
        try:
            yield endpoint, server
        finally:
            await endpoint.close()
            await server.stop()

    return opened


async def failure(endpoint: Endpoint, seconds: float = 5.0) -> AskFailed:
    with pytest.raises(AskFailed) as caught:
        await endpoint.ask(probe(load()), seconds)
    return caught.value


async def test_a_right_answer_is_read(asking: Any, part: Any) -> None:
    """Without this, the refusals below would prove nothing."""
    async with asking(part("scripts").first_folder) as (endpoint, _):
        reply = await endpoint.ask(probe(load()), 5.0)
    assert reply.answer == Chosen(0, 0.8)
    assert reply.usage is not None


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_what_is_read_is_bounded(asking: Any, part: Any, status: int) -> None:
    """40 MB, as an answer or as an error: some KB are read, and the connection is ended."""
    server = part("scripted_server")
    body = server.filing("f00") + b" " * BIG
    async with asking(lambda _: server.Answer(body, status)) as (endpoint, served):
        assert (await failure(endpoint)).kind is Kind.TOO_LARGE
        assert 0 < served.sent < BIG / 4


async def test_a_compressed_answer_is_not_read(asking: Any, part: Any) -> None:
    """We ask for none, and one that comes all the same could be a bomb."""
    server = part("scripted_server")
    body = gzip.compress(server.filing("f00"))
    answer = server.Answer(body, headers={"Content-Encoding": "gzip"})
    async with asking(lambda _: answer) as (endpoint, served):
        assert (await failure(endpoint)).kind is Kind.TOO_LARGE
        assert served.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(asking: Any, part: Any, status: int) -> None:
    """Neither the prompt nor the key goes anywhere but to the configured address."""
    server = part("scripted_server")

    def script(asked: Any) -> Any:
        if asked.path.endswith("elsewhere"):
            return server.Answer(server.filing("f00"))
        return server.Answer(b"", status, {"Location": "/v1/elsewhere"})

    async with asking(script) as (endpoint, served):
        assert (await failure(endpoint)).kind is Kind.DENIED
        assert len(served.asked) == 1


async def test_where_nobody_listens_nothing_was_sent(asking: Any, part: Any) -> None:
    """Known as such, because it costs nothing and may be tried once more."""
    async with asking(part("scripts").first_folder) as (endpoint, served):
        await served.stop()
        assert (await failure(endpoint)).kind is Kind.UNREACHABLE


async def test_a_failure_carries_no_text(asking: Any, part: Any) -> None:
    """An error that echoes the prompt and the key leaves as one word."""
    async with asking(part("scripts").SCRIPTS["error that echoes"]) as (endpoint, _):
        found = await failure(endpoint)
    assert str(found) == "denied"
    assert found.__cause__ is None
    assert found.__suppress_context__


def test_an_authority_that_is_none_refuses_the_start(tmp_path: Path) -> None:
    """In words that name the setting."""
    (tmp_path / "no.pem").write_text("no certificate")
    for path in (tmp_path / "no.pem", tmp_path / "absent.pem"):
        with pytest.raises(StartRefused, match=r"provider\.authority"):
            Endpoint.connect("https://a.example", "m", api_key="k", authority=path, connect_seconds=1.0)
