"""A real redis-server of the system, alone on a port, and what may stand between it and a client."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chassis.tls import TlsFiles

HOST = "127.0.0.1"
START_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """One process. With TLS files it speaks TLS alone."""

    def __init__(self, folder: Path, tls: TlsFiles | None = None, password: str | None = None) -> None:
        self.port = free_port()
        plain, secure = (0, self.port) if tls else (self.port, 0)
        self._command = ["redis-server", "--bind", HOST, "--port", str(plain), "--save", "", "--dir", str(folder)]
        if tls:
            self._command += ["--tls-port", str(secure), "--tls-cert-file", str(tls.certificate)]
            self._command += ["--tls-key-file", str(tls.key), "--tls-ca-cert-file", str(tls.authority)]
            self._command += ["--tls-auth-clients", "no", "--tls-protocols", "TLSv1.3"]
        if password:
            self._command += ["--requirepass", password]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 0.2):
                return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def freeze(self) -> None:
        """From now on it accepts everything and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.thaw()
        self._process.kill()
        self._process.wait()


@contextmanager
def redis_server(folder: Path, tls: TlsFiles | None = None, password: str | None = None) -> Iterator[RedisServer]:
    server = RedisServer(folder, tls, password)
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Between:
    """A TCP proxy that can be slow."""

    target: int
    port: int = 0
    delay_s: float = 0.0
    connections: int = 0
    _ends: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there_reader, there_writer = await asyncio.open_connection(HOST, self.target)
        self._ends += [writer, there_writer]
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            self._tasks.append(asyncio.create_task(self._carry(source, sink)))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await asyncio.sleep(self.delay_s)
                sink.write(data)
        sink.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.transport.abort()
        await asyncio.sleep(0.01)  # transports close in the next turns of the loop


@asynccontextmanager
async def between(target: int) -> AsyncIterator[Between]:
    proxy = Between(target)
    server = await asyncio.start_server(proxy.accept, HOST, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
