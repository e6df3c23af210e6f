"""What a call meets on the server: table, deadline, size, errors with names, and a drain that drops nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from chassis import errors, telemetry
from chassis.metrics import Metrics
from chassis.server import Limits

ECHO = "/test.v1.Echo/"


async def _refused(call: Any) -> errors.ServiceError:
    with pytest.raises(grpc.RpcError) as caught:
        await call
    return errors.from_rpc(caught.value)


async def _three() -> AsyncIterator[bytes]:
    for part in (b"a", b"b", b"c"):
        yield part


async def test_all_four_kinds_of_handler_answer_the_named_caller(house: Any) -> None:
    """The control: the gate lets through what it should, streams too."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        assert await channel.unary_unary(f"{ECHO}Unary")(b"a", timeout=5) == b"a"
        assert [part async for part in channel.unary_stream(f"{ECHO}Down")(b"a", timeout=5)] == [b"a", b"a"]
        assert await channel.stream_unary(f"{ECHO}Up")(_three(), timeout=5) == b"abc"
        assert [part async for part in channel.stream_stream(f"{ECHO}Both")(_three(), timeout=5)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("kind", ["Unary", "Down", "Up", "Both"])
async def test_no_kind_of_handler_is_open_to_an_unnamed_caller(house: Any, kind: str) -> None:
    """Streams are checked as unary calls are, and nothing of theirs is parsed."""
    classifier = house.authority.issue("classifier.mail-organiser.internal")
    assert await _answers(house, kind, house.channel, classifier) == {"PERMISSION_DENIED": 1}
    assert house.echo.parsed == []


@pytest.mark.parametrize("kind", ["Unary", "Down", "Up", "Both"])
@pytest.mark.parametrize("seconds", [None, 120.0])
async def test_no_kind_of_handler_runs_without_a_bounded_deadline(house: Any, kind: str, seconds: float | None) -> None:
    """A call without a deadline, or with one past the limit, is INVALID_ARGUMENT before it is parsed."""
    assert await _answers(house, kind, house.stranger, house.gateway, seconds) == {"INVALID_ARGUMENT": 1}
    assert house.echo.parsed == []


async def _answers(house: Any, kind: str, connect: Any, files: Any, seconds: float | None = 5.0) -> dict[str, float]:
    """The server's own count of its answers: a client that is still sending may see its failed send instead."""
    metrics = Metrics()
    async with house.serve(metrics=metrics) as serving, connect(serving.port, files) as channel:
        with pytest.raises(grpc.RpcError):
            await _any(channel, kind, seconds)
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    counts = [sample for sample in samples if sample.name == "rpc_server_call_duration_seconds_count"]
    return {sample.labels["rpc_response_status_code"]: sample.value for sample in counts}


async def _any(channel: grpc.aio.Channel, kind: str, seconds: float | None = 5.0) -> object:
    """Calls the one handler of each kind, to its end."""
    if kind == "Unary":
        return await channel.unary_unary(f"{ECHO}Unary")(b"a", timeout=seconds)
    if kind == "Down":
        return [part async for part in channel.unary_stream(f"{ECHO}Down")(b"a", timeout=seconds)]
    if kind == "Up":
        return await channel.stream_unary(f"{ECHO}Up")(_three(), timeout=seconds)
    return [part async for part in channel.stream_stream(f"{ECHO}Both")(_three(), timeout=seconds)]


@pytest.mark.parametrize("method", [f"{ECHO}Unlisted", f"{ECHO}Missing", "/other.v1.Service/Method", "/x"])
async def test_a_method_outside_the_table_is_denied(house: Any, method: str) -> None:
    """Registered or not, absent from the table is denied: there is nothing to explore."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        assert isinstance(await _refused(channel.unary_unary(method)(b"", timeout=5)), errors.PermissionDenied)


async def test_a_listed_method_that_nobody_serves_is_an_error_of_ours(house: Any) -> None:
    """The table promises it, the server lacks it: Internal at the caller."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Unimplemented")(b"", timeout=5)
        assert isinstance(await _refused(call), errors.Internal)


async def test_an_oversized_message_is_refused_unread(house: Any) -> None:
    """The size is bounded before a handler or a parser sees it."""
    async with house.serve(limits=Limits(message_bytes=1000)) as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Unary")
        assert await call(b"x" * 900, timeout=5) == b"x" * 900
        assert isinstance(await _refused(call(b"x" * 1001, timeout=5)), errors.QuotaExceeded)
    assert [len(raw) for raw in house.echo.parsed] == [900]


async def test_oversized_metadata_is_refused(house: Any) -> None:
    """Headers are bounded too."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Unary")(b"x", timeout=5, metadata=(("padding", "x" * 8_500),))
        assert isinstance(await _refused(call), errors.QuotaExceeded)
    assert house.echo.parsed == []


async def test_more_calls_than_the_limit_are_refused_not_queued(house: Any) -> None:
    """A flood is told so at once; the call before it is answered."""
    limits = Limits(calls=1)
    async with house.serve(limits=limits) as serving, house.channel(serving.port) as channel:
        first = channel.unary_unary(f"{ECHO}Wait")(b"first", timeout=5)
        await house.echo.arrived.wait()
        async with house.channel(serving.port) as another:  # a connection of its own: streams are limited too
            call = another.unary_unary(f"{ECHO}Unary")(b"second", timeout=5)
            assert isinstance(await _refused(call), errors.QuotaExceeded)
        house.echo.release.set()
        assert await first == b"first"


@pytest.mark.parametrize(
    "kind",
    [
        errors.InvalidArgument,
        errors.Unauthenticated,
        errors.PermissionDenied,
        errors.NotFound,
        errors.Conflict,
        errors.FailedPrecondition,
        errors.PreconditionFailed,
        errors.PreconditionRequired,
        errors.QuotaExceeded,
        errors.Internal,
        errors.Unavailable,
        errors.DeadlineExceeded,
    ],
)
async def test_every_error_of_the_family_survives_the_wire(house: Any, kind: type[errors.ServiceError]) -> None:
    """Type, sentence and retry_after arrive as they were raised."""
    house.echo.raised = kind("The folder list is too long.", retry_after=1.5)
    async with house.serve() as serving, house.channel(serving.port) as channel:
        arrived = await _refused(channel.unary_unary(f"{ECHO}Fail")(b"", timeout=5))
    assert type(arrived) is kind
    assert arrived.detail == "The folder list is too long."
    assert arrived.retry_after == 1.5


async def test_a_service_s_own_error_survives_the_wire(house: Any, message_gone: type[errors.ServiceError]) -> None:
    """A member that a service added to the family arrives as itself, without a retry_after that nobody gave."""
    house.echo.raised = message_gone()
    async with house.serve() as serving, house.channel(serving.port) as channel:
        arrived = await _refused(channel.unary_unary(f"{ECHO}Fail")(b"", timeout=5))
    assert type(arrived) is message_gone
    assert arrived.retry_after is None


async def test_an_exception_that_nobody_named_leaks_nothing(
    house: Any,
    canary: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The caller gets INTERNAL and the fixed sentence, the log the trace id and the type, and neither the text."""
    house.echo.raised = KeyError(canary)
    tracer = telemetry.provider("sentinel").get_tracer("test")
    async with house.serve(tracer=tracer) as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Fail")(b"", timeout=5)
        arrived = await _refused(call)
        told = f"{await call.details()} {await call.trailing_metadata()} {await call.initial_metadata()}"
    written = capsys.readouterr().err
    (line,) = [json.loads(row) for row in written.splitlines() if "rpc.failed" in row]
    assert type(arrived) is errors.Internal
    assert arrived.detail == errors.Internal.sentence
    assert line["error_type"] == "KeyError"
    assert len(line["trace_id"]) == 32
    assert "Zebediah" not in told + written


async def test_a_request_that_does_not_parse_is_named_without_its_bytes(house: Any, canary: str) -> None:
    """A parser's words may quote the bytes; the caller gets InvalidArgument and a fixed sentence."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Unary")(b"garbage", timeout=5)
        arrived = await _refused(call)
    assert isinstance(arrived, errors.InvalidArgument)
    assert canary not in str(await call.details())


async def test_a_response_that_does_not_serialize_leaks_nothing(house: Any, canary: str) -> None:
    """A serializer's words may quote the field; the caller gets the fixed sentence."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Wrong")(b"x", timeout=5)
        assert type(await _refused(call)) is errors.Internal
    assert canary not in str(await call.details())


async def test_a_refusal_is_one_log_line_with_the_caller_s_name(
    house: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each denial is seen once, with who and what; a method of a stranger's invention is not repeated."""
    classifier = house.authority.issue("classifier.mail-organiser.internal")
    async with house.serve() as serving, house.channel(serving.port, classifier) as channel:
        await _refused(channel.unary_unary("/Invoice/Zebediah")(b"", timeout=5))
    written = capsys.readouterr().err
    (line,) = [json.loads(row) for row in written.splitlines() if "rpc.refused" in row]
    assert (line["caller"], line["code"], line["method"]) == (
        "classifier.mail-organiser.internal",
        "permission_denied",
        "unknown",
    )
    assert "Zebediah" not in written


async def test_a_server_that_stops_finishes_what_it_accepted(house: Any) -> None:
    """SIGTERM under load drops no accepted call: leaving serve() waits for it."""
    async with house.serve() as serving:
        channel = house.channel(serving.port)
        call = channel.unary_unary(f"{ECHO}Wait")(b"accepted", timeout=10)
        await house.echo.arrived.wait()
        asyncio.get_running_loop().call_later(0.05, house.echo.release.set)
    assert await call == b"accepted"
    await channel.close()


async def test_a_server_that_stops_gives_up_after_its_grace(house: Any) -> None:
    """A call that never ends can't hold the process: it is cut off as UNAVAILABLE or CANCELLED."""
    async with asyncio.timeout(5), house.serve(limits=Limits(drain_seconds=0.1)) as serving:
        channel = house.channel(serving.port)
        call = channel.unary_unary(f"{ECHO}Wait")(b"accepted", timeout=30)
        await house.echo.arrived.wait()
    assert isinstance(await _refused(call), errors.Unavailable)
    await channel.close()
