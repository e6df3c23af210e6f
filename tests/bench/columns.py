"""What a message costs in a columnar batch and in a call of its own, both measured in one run.

The contract, the server, the channel, mTLS and the event loop are those of the services; only the servicer does
nothing: it answers with a fixed, well-formed verdict for each message. Server and client are processes of their own,
the variants take turns in every round, and the figure that counts is CPU time of both processes per message: wall time
on a busy machine says more about its neighbours.

    python tests/bench/columns.py [--rounds N] [--json]
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import argparse
import asyncio
import json
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import grpc
import uvloop

from chassis import process
from chassis.authority import LocalAuthority
from chassis.callers import Callers
from chassis.channel import open_channel
from chassis.server import serve
from chassis.tls import TlsFiles
from mail_organiser.clearance import BATCH_ID_LENGTH
from mail_organiser.columns import MessageText, encode_messages
from mail_organiser.mail.v1 import mail_pb2
from mail_organiser.sentinel.v1 import sentinel_pb2, sentinel_pb2_grpc

SENTINEL, GATEWAY = "sentinel.mail-organiser.internal", "gateway.mail-organiser.internal"
SERVICE = "mail_organiser.sentinel.v1.SentinelService"
DIGEST = 32  # bytes a message in a clearance
SIGNATURE = 64  # bytes, Ed25519
UNARY, BATCH, LARGEST = 1, 256, 512  # messages in a call: alone, as the gateway sends them, as many as a call may hold
CALLS = {UNARY: 1500, BATCH: 240, LARGEST: 120}  # in a round: half a second or so of CPU each
IN_FLIGHT = {UNARY: 32, BATCH: 4, LARGEST: 4}  # unary calls gain from company; batches hardly do
ROUNDS = 7  # the median of so many; odd
SECONDS = 45.0  # no round begins after this
DEADLINE = 30.0  # of a call
AT_LEAST = 100.0  # times cheaper: what the columnar contract is for


@dataclass(frozen=True, slots=True)
class Cost:
    """What a message cost: CPU microseconds in the server and in the client, and wall microseconds."""

    server: float
    client: float
    wall: float

    @property
    def cpu(self) -> float:
        """Of both processes."""
        return self.server + self.client


@dataclass(frozen=True, slots=True)
class Row:
    """A variant's medians over the rounds; ratio says how many times cheaper than unary, median of the rounds."""

    batch: int
    cost: Cost
    ratio: float


class Idle(sentinel_pb2_grpc.SentinelServiceServicer):
    """Answers Inspect without looking at any text; so the rest is what carrying messages costs."""

    def __init__(self) -> None:
        self._answers = {size: answer(size) for size in CALLS}

    def register(self, server: grpc.aio.Server) -> None:
        """Adds the service to a server."""
        sentinel_pb2_grpc.add_SentinelServiceServicer_to_server(self, server)

    async def Inspect(  # noqa: N802  # gRPC's name
        self,
        request: sentinel_pb2.InspectRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002  # gRPC's signature
    ) -> sentinel_pb2.InspectResponse:
        """A verdict for each message."""
        return self._answers[len(request.messages.present)]


def answer(size: int) -> sentinel_pb2.InspectResponse:
    """As sentinel answers when all is clean: outcomes, risks, and a clearance with a digest for each message."""
    return sentinel_pb2.InspectResponse(
        messages=sentinel_pb2.InspectionColumns(
            outcome=[sentinel_pb2.OUTCOME_CLEAN] * size,
            risk=[0.0] * size,
        ),
        clearance=mail_pb2.Clearance(
            body=mail_pb2.ClearanceBody(item=[secrets.token_bytes(DIGEST)] * size).SerializeToString(),
            signature=secrets.token_bytes(SIGNATURE),
        ),
        policy_hash=bytes(DIGEST),
    )


def messages(size: int) -> list[MessageText]:
    """Made-up mail of the usual length: about 135 bytes each."""
    return [
        MessageText(
            subject=f"Re: Minutes of the building meeting, part {number} of many (draft)",
            sender_name="Ada Example",
            sender_address=f"ada.{number}@post.example",
            recipients=("you@home.example",),
        )
        for number in range(size)
    ]


def request(rows: Sequence[MessageText]) -> sentinel_pb2.InspectRequest:
    """As the gateway packs it."""
    return sentinel_pb2.InspectRequest(
        batch_id=secrets.token_bytes(BATCH_ID_LENGTH),
        purpose=mail_pb2.PURPOSE_CLASSIFY,
        messages=encode_messages(rows),
    )


async def round_of(stub: sentinel_pb2_grpc.SentinelServiceStub, size: int, server: int) -> Cost:
    """CALLS[size] calls of so many messages, IN_FLIGHT at a time; server is its process id."""
    rows, calls = messages(size), iter(range(CALLS[size]))
    before = time.perf_counter(), cpu_seconds(server), time.process_time()
    await asyncio.gather(*(_worker(stub, rows, calls) for _ in range(IN_FLIGHT[size])))
    after = time.perf_counter(), cpu_seconds(server), time.process_time()
    wall, there, here = (1e6 * (end - start) / (CALLS[size] * size) for start, end in zip(before, after, strict=True))
    return Cost(server=there, client=here, wall=wall)


async def _worker(stub: Any, rows: Sequence[MessageText], calls: Iterator[int]) -> None:
    for _ in calls:
        response = await stub.Inspect(request(rows), timeout=DEADLINE)
        if len(response.messages.outcome) != len(rows):
            raise RuntimeError("the server judged another number of messages than it was sent")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its threads, ended ones too: the clock of clock_getcpuclockid(3) on Linux."""
    scheduled = 2  # CPUCLOCK_SCHED of the kernel's posix-timers.h: nanoseconds that the scheduler counted
    return time.clock_gettime((~pid << 3) | scheduled)


async def measure(target: str, tls: TlsFiles, server: int, rounds: int) -> list[dict[int, Cost]]:
    """The rounds; in each, every variant once. The first, for warming up, is thrown away."""
    end = time.monotonic() + SECONDS
    measured: list[dict[int, Cost]] = []
    async with open_channel(target, tls, SENTINEL) as channel:
        stub: Any = sentinel_pb2_grpc.SentinelServiceStub(channel)
        for number in range(rounds + 1):
            costs = {size: await round_of(stub, size, server) for size in CALLS}
            if number:
                measured.append(costs)
            if time.monotonic() > end:
                break
    return measured


def table(rounds: Sequence[dict[int, Cost]]) -> list[Row]:
    """Medians. A ratio is taken within its round, so that a slow minute slows both sides of it."""
    return [
        Row(
            batch=size,
            cost=Cost(*(statistics.median(column) for column in zip(*_columns(rounds, size), strict=True))),
            ratio=statistics.median(costs[UNARY].cpu / costs[size].cpu for costs in rounds),
        )
        for size in CALLS
    ]


def _columns(rounds: Iterable[dict[int, Cost]], size: int) -> Iterator[tuple[float, float, float]]:
    return ((costs[size].server, costs[size].client, costs[size].wall) for costs in rounds)


def shown(rows: Sequence[Row], rounds: int) -> str:
    """The table for people."""
    head = (
        f"Inspect under mTLS, CPU microseconds a message, median of {rounds} interleaved rounds\n"
        f"{'messages a call':>16}{'server':>10}{'client':>10}{'both':>10}{'wall':>10}{'times cheaper':>15}"
    )
    lines = [
        f"{row.batch:>16}{row.cost.server:>10.2f}{row.cost.client:>10.2f}{row.cost.cpu:>10.2f}"
        f"{row.cost.wall:>10.2f}{row.ratio:>14.0f}x"
        for row in rows
    ]
    return "\n".join([head, *lines])


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, int]]:
    """The server as a process of its own; its port and process id."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    log = folder / "server.log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as running,
    ):
        try:
            if not (line := running.stdout.readline() if running.stdout else ""):
                raise SystemExit(f"columns: the server did not start:\n{log.read_text()}")
            yield int(line), running.pid
        finally:
            running.send_signal(signal.SIGTERM)


async def _serve(folder: Path, stopping: asyncio.Event) -> None:
    callers = Callers({f"/{SERVICE}/Inspect": frozenset({GATEWAY})})
    service = Idle()
    async with serve(
        address="127.0.0.1:0",
        tls=_files(folder, SENTINEL),
        callers=callers,
        services=[service.register],
        health={SERVICE: _serving},
    ) as serving:
        sys.stdout.write(f"{serving.port}\n")
        sys.stdout.flush()
        await stopping.wait()


async def _serving() -> bool:
    return True


def _files(folder: Path, name: str) -> TlsFiles:
    return TlsFiles(folder / name / "certificate.pem", folder / name / "key.pem", folder / name / "authority.pem")


def run(rounds: int, *, as_json: bool) -> int:
    """Measures and prints; 1 when batches are not AT_LEAST times cheaper."""
    with tempfile.TemporaryDirectory(prefix="mail-organiser-bench-") as folder:
        authority = LocalAuthority.open(Path(folder))
        for name in (SENTINEL, GATEWAY):
            authority.issue(name, ("127.0.0.1",))
        with server(Path(folder)) as (port, pid), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            target = f"127.0.0.1:{port}"
            measured = runner.run(measure(target, _files(Path(folder), GATEWAY), pid, rounds))
    rows = table(measured)
    ratio = next(row.ratio for row in rows if row.batch == BATCH)
    sys.stdout.write((json.dumps([asdict(row) for row in rows]) if as_json else shown(rows, len(measured))) + "\n")
    if not as_json:
        sys.stdout.write(f"a batch of {BATCH} is {ratio:.0f} times cheaper a message than unary calls\n")
    return 0 if ratio >= AT_LEAST else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="the table as JSON")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve is not None:
        return process.run(lambda stopping: _serve(chosen.serve, stopping))
    return run(chosen.rounds, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
