"""Slow and idle connections against the real gateway: its memory, and what another client notices.

    python tests/bench/gateway/slow_clients.py [--rounds 3] [--seconds 8] [--json]

Rounds without and with an attack follow one another, so that a busy machine is busy for both. An attack is 60
connections that never finish their headers, 60 that never finish a body, and 10,000 clients that connect over TLS, say
nothing and come again whenever they are cut; once from one address, once from a hundred. Attackers are processes of
their own, with less priority: on one machine they would otherwise take the processor away from the gateway by being
busy, which the network between them cannot do. The other client has ten open connections and asks 100 times a second;
a tenth of its requests comes on a new connection. It stops by itself.
"""

import chassis  # noqa: F401  # isort: skip  # before ssl, which reads its settings while it is imported

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cli.child import Child
from cli.house import House, Ports
from cli.place import Place

HEADERS, BODIES, IDLE = 60, 60, 10_000
ATTACKS = {"one address": 1, "100 addresses": 100}
SAID = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
REQUEST = SAID + b"\r\n"
BODY = b"POST /api/v1/session/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
EVERY_S, NEW_EACH = 0.01, 10  # between two requests of the other client; one in ten on a new connection
TRICKLE_S = 2.0  # between two bytes of a slow client
AGAIN_S = 10.0  # until an idle client that was cut or refused comes again
ATTACK_S = 200.0  # the most that an attack lasts, whatever became of whoever started it
OPEN_S = 10.0  # for one connection
WARM_S = 2.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Heard:
    """What the other client noticed, in milliseconds."""

    kept: list[float] = field(default_factory=list)
    new: list[float] = field(default_factory=list)
    failed: int = 0


@dataclass(frozen=True)
class Target:
    """The gateway, and an authority to check it by."""

    port: int
    authority: str

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

    async def open(self, trust: ssl.SSLContext, source: str) -> Connection:
        opening = asyncio.open_connection(
            "127.0.0.1", self.port, ssl=trust, server_hostname="localhost", local_addr=(source, 0)
        )
        return await asyncio.wait_for(opening, OPEN_S)


# --- the attackers ---------------------------------------------------------------------------------------------------


async def attack(target: Target, addresses: int) -> None:
    """For ever; prints one line when every connection has been tried once."""
    trust, tried = target.trust(), asyncio.Semaphore(0)
    sources = itertools.cycle([f"127.9.{number}.1" for number in range(addresses)])
    opening = asyncio.Semaphore(64)
    slow = [_again(tried, 0.2, _slow(target, trust, "127.8.0.1", SAID, b"X: y\r\n")) for _ in range(HEADERS)]
    slow += [_again(tried, 0.2, _slow(target, trust, "127.8.0.2", BODY, b"x")) for _ in range(BODIES)]
    idle = [_again(tried, AGAIN_S, _idle(target, trust, next(sources), opening)) for _ in range(IDLE)]
    working = [asyncio.create_task(each) for each in (*slow, *idle)]
    async with asyncio.timeout(ATTACK_S):
        for _ in working:
            await tried.acquire()
    print("arrived", flush=True)  # noqa: T201  # read by the parent
    await asyncio.sleep(ATTACK_S)


async def _again(
    tried: asyncio.Semaphore, pause_s: float, once: Callable[[asyncio.Semaphore], Awaitable[None]]
) -> None:
    while True:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            await once(tried)
        tried.release()
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311  # spread, no secret


def _slow(
    target: Target, trust: ssl.SSLContext, source: str, begin: bytes, trickle: bytes
) -> Callable[[asyncio.Semaphore], Awaitable[None]]:
    async def once(tried: asyncio.Semaphore) -> None:
        reader, writer = await target.open(trust, source)
        tried.release()
        writer.write(begin)
        ended = asyncio.create_task(reader.read())
        try:
            while not ended.done():
                writer.write(trickle)
                await asyncio.wait([ended], timeout=TRICKLE_S)
            await ended
        finally:
            ended.cancel()
            writer.transport.abort()

    return once


def _idle(
    target: Target, trust: ssl.SSLContext, source: str, opening: asyncio.Semaphore
) -> Callable[[asyncio.Semaphore], Awaitable[None]]:
    async def once(tried: asyncio.Semaphore) -> None:
        async with opening:
            reader, writer = await target.open(trust, source)
        tried.release()
        try:
            await reader.read()
        finally:
            writer.transport.abort()

    return once


# --- the other client ------------------------------------------------------------------------------------------------


async def ask(target: Target, seconds: float) -> Heard:
    """100 requests a second over ten open connections, and new ones."""
    trust, heard = target.trust(), Heard()
    kept = [await target.open(trust, f"127.0.1.{number}") for number in range(1, 11)]
    begun = time.perf_counter()
    for number in range(round(seconds / EVERY_S)):
        await asyncio.sleep(max(0.0, begun + number * EVERY_S - time.perf_counter()))
        if number % NEW_EACH:
            await _one(heard, heard.kept, _answered(kept[number % len(kept)]))
        else:
            await _one(heard, heard.new, _anew(target, trust, f"127.0.2.{1 + number // NEW_EACH % 200}"))
    for _, writer in kept:
        writer.transport.abort()
    return heard


async def _one(heard: Heard, into: list[float], asking: Awaitable[None]) -> None:
    begun = time.perf_counter()
    try:
        await asyncio.wait_for(asking, 10)
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        heard.failed += 1
    else:
        into.append((time.perf_counter() - begun) * 1000)


async def _anew(target: Target, trust: ssl.SSLContext, source: str) -> None:
    connection = await target.open(trust, source)
    try:
        await _answered(connection)
    finally:
        connection[1].transport.abort()


async def _answered(connection: Connection) -> None:
    reader, writer = connection
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError
    await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))


# --- the measurement -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def gateway(root: Path) -> Iterator[tuple[Target, int]]:
    """The real process with its own settings; and its process id. Peers are not needed for what is asked here."""
    place = Place.make(root)
    house = House(place, Ports.choose(0), "sample")
    house.renew()
    child: Child = house.mailbox()[1]
    child.start()
    try:
        yield Target(house._ports.gateway, str(house.authority)), child.pid
    finally:
        child.stop()


@contextlib.contextmanager
def attacked(target: Target, addresses: int) -> Iterator[None]:
    """While inside, the attack goes on; every connection was tried once before."""
    command = [sys.executable, __file__, "--attack", str(target.port), target.authority, str(addresses)]
    attacker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(5))  # noqa: PLW1509  # no threads here
    try:
        if attacker.stdout is None or attacker.stdout.readline() != "arrived\n":
            sys.exit("the attack did not begin")
        yield
    finally:
        attacker.kill()
        attacker.wait()


def memory_mib(pid: int, what: str = "VmRSS") -> float:
    """Resident memory of a process: now, or (VmHWM) the most that there ever was."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status[what].split()[0]) / 1024


def descriptors(pid: int) -> int:
    """Descriptors that a process has open: connections, and some tens of files."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def p(values: Sequence[float], percent: int) -> float:
    """A percentile."""
    return quantiles(values, n=100)[percent - 1]


def measured(rounds: int, seconds: float) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory(prefix="slow-clients-") as root, gateway(Path(root)) as (target, pid):
        _until_it_answers(target)
        asyncio.run(ask(target, WARM_S))
        before = memory_mib(pid)
        quiet, attacks, opened = [], {name: list[Heard]() for name in ATTACKS}, dict.fromkeys(ATTACKS, 0)
        for _ in range(rounds):
            for name, addresses in ATTACKS.items():
                quiet.append(asyncio.run(ask(target, seconds)))
                with attacked(target, addresses):
                    attacks[name].append(asyncio.run(ask(target, seconds)))
                    opened[name] = max(opened[name], descriptors(pid))
                _until_it_answers(target)
        figures = {name: {**_figures(heard, quiet), "descriptors": opened[name]} for name, heard in attacks.items()}
        return {
            "memory_mib": {"before": round(before), "most": round(memory_mib(pid, "VmHWM"))},
            "undisturbed": _figures(quiet, quiet),
            **figures,
        }


def _until_it_answers(target: Target) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if asyncio.run(ask(target, EVERY_S)).failed == 0:
                return
        time.sleep(0.2)
    sys.exit("the gateway does not answer")


def _figures(heard: Sequence[Heard], quiet: Sequence[Heard]) -> dict[str, float]:
    """Medians over the rounds: one round that a neighbour disturbed decides nothing."""
    kept, new = (median(p(getattr(each, kind), 99) for each in heard) for kind in ("kept", "new"))
    quiet_kept, quiet_new = (median(p(getattr(each, kind), 99) for each in quiet) for kind in ("kept", "new"))
    return {
        "requests": sum(len(each.kept) + len(each.new) for each in heard),
        "failed": sum(each.failed for each in heard),
        "p50_ms": round(median(p(each.kept, 50) for each in heard), 2),
        "p99_ms": round(kept, 2),
        "p99_ratio": round(kept / quiet_kept, 2),
        "new_p99_ms": round(new, 2),
        "new_p99_ratio": round(new / quiet_new, 2),
    }


def _table(found: dict[str, Any]) -> str:
    names = ("requests", "failed", "p50 ms", "p99 ms", "ratio", "new p99", "ratio", "open")
    rows = [" " * 14 + "".join(f"{name:>9}" for name in names)]
    for name in ("undisturbed", *ATTACKS):
        one = found[name]
        rows.append(f"{name:14}" + "".join(f"{figure:>9}" for figure in one.values()))
    memory = found["memory_mib"]
    return "\n".join([*rows, f"memory of the gateway: {memory['before']} MiB before, {memory['most']} MiB at most"])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="What slow and idle connections cost")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--attack", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * IDLE)), hard))
    if chosen.attack:
        port, authority, addresses = chosen.attack
        asyncio.run(attack(Target(int(port), authority), int(addresses)))
        return
    found = measured(chosen.rounds, chosen.seconds)
    sys.stdout.write((json.dumps(found) if chosen.json else _table(found)) + "\n")


if __name__ == "__main__":
    main()
