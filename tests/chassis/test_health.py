"""Health says what is true now."""

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from chassis import errors, health

SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
ECHO = "test.v1.Echo"


async def _status(stub: HealthStub, service: str = "") -> int:
    answer = await stub.Check(HealthCheckRequest(service=service), timeout=5)
    return int(answer.status)


@pytest.mark.parametrize(("healthy", "status"), [(True, SERVING), (False, NOT_SERVING)])
async def test_health_is_what_the_check_says(house: Any, healthy: bool, status: int) -> None:  # noqa: FBT001  # a parameter of the table
    """For the service, and for the server as a whole."""
    house.healthy = healthy
    async with house.serve() as serving, house.channel(serving.port) as channel:
        stub = HealthStub(channel)
        assert (await _status(stub, ECHO), await _status(stub)) == (status, status)


async def test_any_certificate_of_ours_may_ask(house: Any) -> None:
    """Probes have a certificate that the table doesn't name."""
    probe = house.authority.issue("probe.mail-organiser.internal")
    async with house.serve() as serving, house.channel(serving.port, probe) as channel:
        assert await _status(HealthStub(channel)) == SERVING


async def test_an_unknown_service_is_not_found(house: Any) -> None:
    """Never SERVING for something that isn't here."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await _status(HealthStub(channel), "other.v1.Service")
    assert isinstance(errors.from_rpc(caught.value), errors.NotFound)


async def test_a_draining_server_says_so_while_it_still_answers(house: Any) -> None:
    """NOT_SERVING from drain() on, and calls are still answered."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        assert await _status(HealthStub(channel)) == SERVING
        serving.drain()
        assert await _status(HealthStub(channel), ECHO) == NOT_SERVING
        assert await channel.unary_unary("/test.v1.Echo/Unary")(b"x", timeout=5) == b"x"


async def test_watch_tells_a_change_without_being_asked_again(house: Any) -> None:
    """The first answer at once, the drain as it happens."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        answers = HealthStub(channel).Watch(HealthCheckRequest(service=ECHO), timeout=5)
        assert (await answers.read()).status == SERVING
        serving.drain()
        assert (await answers.read()).status == NOT_SERVING
        answers.cancel()


async def _never() -> bool:
    await asyncio.Event().wait()
    return True


async def _raises() -> bool:
    raise RuntimeError("Re: Invoice")


async def _truthy() -> Any:
    return "yes"


@pytest.mark.parametrize("check", [_never, _raises, _truthy])
async def test_a_check_that_hangs_fails_or_mumbles_is_not_serving(
    check: health.Check,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only a plain True in time is a yes."""
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.05)
    assert await health.Health({"a.B": check}).serving() is False


async def test_one_service_that_fails_is_not_hidden_by_another() -> None:
    """The whole is serving when all are."""

    async def healthy() -> bool:
        return True

    state = health.Health({"a.Good": healthy, "a.Bad": _raises})
    assert (await state.serving("a.Good"), await state.serving("a.Bad"), await state.serving()) == (True, False, False)


async def test_asking_often_does_not_check_often() -> None:
    """Within a second the answer is repeated: probing can't be used to load the service."""
    asked = 0

    async def counting() -> bool:
        nonlocal asked
        asked += 1
        return True

    state = health.Health({"a.B": counting})
    assert all(await asyncio.gather(*(state.serving() for _ in range(50))))
    assert asked == 1


async def test_an_answer_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its second, the truth is asked for again."""
    monkeypatch.setattr(health, "MAX_AGE", 0.0)
    answers = iter([True, False])

    async def changing() -> bool:
        return next(answers)

    state = health.Health({"a.B": changing})
    assert [await state.serving(), await state.serving()] == [True, False]


@pytest.mark.parametrize("checks", [{}, {"": _raises}])
def test_a_server_without_checks_is_refused(checks: dict[str, health.Check]) -> None:
    """It could only pretend."""
    with pytest.raises(ValueError, match="needs a check"):
        health.Health(checks)
