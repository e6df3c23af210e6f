"""What a request costs at the edge, in CPU microseconds of the process that answers it; everything in one run.

    make bench-gateway [ROUNDS=5]
    python tests/bench/gateway [--rounds N] [--seconds N] [--only edge|limiter] [--json]

The gateway is the real one, with its whole house, over TLS 1.3: token, limits, metrics, traces. Counted is the time,
user and system, of every thread of the one process that answers (cpu.py), its 64 handshakes a run included; sentinel's
own stands beside it and is in no ratio, as nginx's is in none of Envoy's. The variants take turns in every round; a
ratio is taken within its round and the median of the rounds counts, because on a busy machine nothing else means
anything. See envoy.py and raw.py for what it is held against, limiters.py for the limiters.
"""

import argparse
import json
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import httpx
from cpu import microseconds
from envoy import envoy_command, envoy_config, nginx_config, raw_command, running
from house import Running, house
from limiters import limiters
from load import Target, requests

from cli.house import HOST, free_port

ROUNDS, SECONDS = 5, 5  # in 2 seconds a tenth of what was counted were handshakes
MESSAGE = {
    "subject": "Re: Minutes of the building meeting",
    "sender_name": "Ada Example",
    "sender_address": "ada@post.example",
}
INSPECT = json.dumps({"messages": [MESSAGE]})
RAW, SESSION, INSPECTED = "raw uvicorn, no TLS", "gateway, GET session", "gateway, POST inspect -> sentinel"
ENVOY = "Envoy as it comes, jwt_authn + limit -> nginx"
SINGLE, CACHED = "Envoy, one worker", "Envoy, one worker and a token cache"


@dataclass(frozen=True)
class Variant:
    """One thing to measure: its process, and what it is asked."""

    name: str
    pid: int
    target: Target
    verifies: bool = True
    behind: int | None = None  # the process that it asks, whose time stands beside its own


class Cost(NamedTuple):
    """CPU microseconds a request, of the process and of the one behind it, and requests a second."""

    cpu: float
    behind: float
    rate: float


@dataclass(frozen=True)
class Row:
    """Medians: CPU microseconds a request, of it and of what is behind it; requests a second; of RAW's and ENVOY's."""

    name: str
    cpu: float
    behind: float
    rate: float
    of_raw: float
    of_envoy: float


def variants(running_house: Running, folder: Path, stack: ExitStack) -> list[Variant]:
    """All of them, started."""
    upstream, raw_port = free_port(), free_port()
    (folder / "nginx.conf").write_text(nginx_config(folder, upstream))
    stack.enter_context(running(["nginx", "-c", str(folder / "nginx.conf")], folder / "nginx.out"))
    raw = stack.enter_context(running(raw_command(raw_port), folder / "raw.out"))
    posted = [Variant(name, *_envoy(name, running_house, folder, stack, upstream)) for name in (ENVOY, SINGLE, CACHED)]
    access = running_house.access
    return [
        Variant(RAW, raw, Target(f"http://{HOST}:{raw_port}/", access), verifies=False),
        Variant(SESSION, running_house.gateway, Target(f"{running_house.url}/api/v1/session", access)),
        Variant(
            INSPECTED,
            running_house.gateway,
            Target(f"{running_house.url}/api/v1/inspect", access, INSPECT),
            behind=running_house.sentinel,
        ),
        *posted,
    ]


def _envoy(name: str, found: Running, folder: Path, stack: ExitStack, upstream: int) -> tuple[int, Target]:
    port = free_port()
    config = folder / f"envoy-{port}.json"
    config.write_text(json.dumps(envoy_config(port, upstream, found.edge, found.trusted, cached=name == CACHED)))
    command = envoy_command(config, None if name == ENVOY else 1)
    pid = stack.enter_context(running(command, config.with_suffix(".out")))
    return pid, Target(f"https://{HOST}:{port}/api/v1/inspect", found.access, INSPECT)


def check(measured: Sequence[Variant], trust: ssl.SSLContext) -> None:
    """Each answers well, and those that verify tokens refuse one that was changed."""
    for variant in measured:
        good = variant.target.tokens[0]
        found = [_status(variant.target, token, trust) for token in (good, f"{good[:-8]}AAAAAAAA")]
        if found != [200, 401 if variant.verifies else 200]:
            raise SystemExit(f"{variant.name} answered {found}")


def _status(target: Target, token: str, trust: ssl.SSLContext) -> int:
    end = time.monotonic() + 20
    while True:
        try:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            method = "GET" if target.body is None else "POST"
            return httpx.request(method, target.url, headers=headers, content=target.body, verify=trust).status_code
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def measured(variant: Variant, folder: Path, seconds: int) -> Cost:
    """What one run cost."""
    before, before_behind = microseconds(variant.pid), _behind(variant)
    answered = requests(variant.target, folder, seconds)
    behind = (_behind(variant) - before_behind) / answered
    return Cost((microseconds(variant.pid) - before) / answered, behind, answered / seconds)


def _behind(variant: Variant) -> float:
    return 0.0 if variant.behind is None else microseconds(variant.behind)


def table(rounds: Sequence[dict[str, Cost]]) -> list[Row]:
    """Medians; ratios within each round."""
    return [
        Row(
            name=name,
            cpu=statistics.median(one[name].cpu for one in rounds),
            behind=statistics.median(one[name].behind for one in rounds),
            rate=statistics.median(one[name].rate for one in rounds),
            of_raw=statistics.median(one[RAW].cpu / one[name].cpu for one in rounds),
            of_envoy=statistics.median(one[ENVOY].cpu / one[name].cpu for one in rounds),
        )
        for name in rounds[0]
    ]


def shown(rows: Sequence[Row], rounds: int) -> str:
    """The table for people."""
    title = f"CPU of the process that answers, {rounds} rounds"
    head = f"{title:<48}{'us/req':>9}{'sentinel':>10}{'req/s':>9}{'of raw':>9}{'of Envoy':>10}"
    lines = [
        f"{row.name:<48}{row.cpu:>9.1f}{row.behind:>10.1f}{row.rate:>9.0f}{row.of_raw:>9.2f}{row.of_envoy:>10.2f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def edge(rounds: int, seconds: int) -> list[Row]:
    """The whole measurement of the edge. The first round, for warming up, is thrown away."""
    with tempfile.TemporaryDirectory(prefix="mail-organiser-bench-") as folder, ExitStack() as stack:
        found = stack.enter_context(house(Path(folder) / "house"))
        measuring = variants(found, Path(folder), stack)
        check(measuring, ssl.create_default_context(cafile=str(found.edge.authority)))
        done = []
        for number in range(rounds + 1):
            one = {variant.name: measured(variant, Path(folder), seconds if number else 1) for variant in measuring}
            if number:
                done.append(one)
    return table(done)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--only", choices=("edge", "limiter"))
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.only != "limiter":
        rows = edge(chosen.rounds, chosen.seconds)
        sys.stdout.write(
            (json.dumps([asdict(row) for row in rows]) if chosen.json else shown(rows, chosen.rounds)) + "\n"
        )
    if chosen.only != "edge":
        sys.stdout.write(limiters(chosen.rounds) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
