"""A real process, signalled."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

_SERVICE = """
import asyncio, pathlib, sys
from chassis import logs, process
from chassis.callers import Callers
from chassis.server import serve
from chassis.tls import TlsFiles
import grpc, uvloop

async def healthy(): return True
async def echo(request, context):
    print("arrived", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    return request

def register(server):
    handlers = {"Wait": grpc.unary_unary_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.v1.Echo", handlers),))

async def main(stopping):
    logs.configure("sentinel")
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
    files = TlsFiles(*map(pathlib.Path, sys.argv[1:]))
    table = Callers({"/test.v1.Echo/Wait": frozenset({"gateway.mail-organiser.internal"})})
    async with serve(address="127.0.0.1:0", tls=files, callers=table, services=[register],
                     health={"test.v1.Echo": healthy}) as serving:
        print(serving.port, flush=True)
        await stopping.wait()
        print("stopping", flush=True)

sys.exit(process.run(main))
"""
_PIPE = asyncio.subprocess.PIPE


@asynccontextmanager
async def _started(program: str, *arguments: object) -> AsyncIterator[asyncio.subprocess.Process]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*command, stdin=_PIPE, stdout=_PIPE, stderr=_PIPE)
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_a_service_that_is_told_to_stop_finishes_its_calls(house: Any, stop: signal.Signals) -> None:
    """The signal arrives in the middle of a call: the call is answered, then the process ends with 0."""
    files = house.sentinel
    async with _started(_SERVICE, files.certificate, files.key, files.authority) as process:
        channel = house.channel(int(await _said(process)))
        call = channel.unary_unary("/test.v1.Echo/Wait")(b"accepted", timeout=20)
        assert await _said(process) == "arrived"
        process.send_signal(stop)
        assert await _said(process) == "stopping"
        assert process.stdin is not None
        process.stdin.write(b"\n")
        assert await call == b"accepted"
        assert await process.wait() == 0
        await channel.close()


_RUN = "import sys; from chassis import logs, process, errors, settings; logs.configure('sentinel')\n{}\n"
_RUN += "sys.exit(process.run(main))"


async def _ended(body: str) -> tuple[int, str]:
    async with _started(_RUN.format(body)) as process:
        _, written = await process.communicate()
    assert process.returncode is not None
    return process.returncode, written.decode()


async def test_a_refused_start_is_one_sentence() -> None:
    """What and how to fix it, for a person, with the exit code of a configuration error."""
    body = "async def main(stopping):\n raise settings.SettingsRefused('listen: is missing; add it.')"
    assert await _ended(body) == (78, "listen: is missing; add it.\n")


async def test_a_crash_is_one_line_without_its_words() -> None:
    """The exception's type and place, no traceback, and a code that is not 0."""
    code, written = await _ended("async def main(stopping):\n raise ValueError('Zebediah')")
    line = json.loads(written)
    assert (code, line["event"], line["error_type"]) == (70, "process.crashed", "ValueError")
    assert "Zebediah" not in written


async def test_a_second_signal_does_not_wait() -> None:
    """Whoever asks twice means it: a main that doesn't finish is cancelled."""
    body = (
        "import asyncio\nasync def main(stopping):\n print('up', flush=True)\n await stopping.wait()\n"
        " print('stopping', flush=True)\n await asyncio.Event().wait()"
    )
    async with _started(_RUN.format(body)) as process:
        assert await _said(process) == "up"
        process.send_signal(signal.SIGTERM)
        assert await _said(process) == "stopping"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 70
