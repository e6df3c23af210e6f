"""What two readers of one connection could understand differently gets one refusal, and the end of the connection."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.framing import MAX_HEADERS, doubtful

CORPUS = tomllib.loads((Path(__file__).parents[2] / "corpus" / "smuggling.toml").read_text())
LONG = {"{9 KiB}": "x" * 9216, "{33 KiB}": "x" * 33_792, "{100 headers}": "".join(f"X-{n}: y\r\n" for n in range(100))}
CASES = [pytest.param(case, id=case["name"].replace(" ", "-")) for case in CORPUS["case"]]


def in_full(request: str) -> bytes:
    for short, long in LONG.items():
        request = request.replace(short, long)
    return request.encode("latin-1")


@pytest.mark.parametrize("case", CASES)
async def test_one_refusal_and_the_end(quick: Any, case: dict[str, Any]) -> None:
    """One answer, of the status in the corpus (400 unless it says otherwise); the request behind it gets none."""
    reader, writer = await quick.connect()
    writer.write(in_full(case["request"]) + CORPUS["tail"].encode())
    answer = await asyncio.wait_for(reader.read(), 3)
    writer.close()
    statuses = case.get("status", [400])
    assert int(answer.split(b" ", 2)[1]) in statuses, answer
    assert answer.count(b"HTTP/1.1 ") == 1
    if 200 not in statuses:
        assert b"content-type: application/problem+json" in answer
        assert b"strict-transport-security: max-age=63072000" in answer
        assert b"connection: close" in answer


@pytest.mark.parametrize("cut", [1, 7, 40])
async def test_it_makes_no_difference_how_the_bytes_are_cut(quick: Any, cut: int) -> None:
    """A proxy may send a request in pieces: a part of the corpus, refused in pieces as it is in one."""
    refused = [case for case in CORPUS["case"] if 200 not in case.get("status", [400])]
    for case in refused[:: 10 if cut > 1 else 40]:
        reader, writer = await quick.connect()
        whole = in_full(case["request"])[:400] + CORPUS["tail"].encode()
        for start in range(0, len(whole), cut):
            writer.write(whole[start : start + cut])
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(reader.read(), 3)
        writer.close()
        assert answer.count(b"HTTP/1.1 ") <= 1
        assert b"/smuggled" not in quick.seen


HOST = (b"host", b"a")
GOOD: list[tuple[str, bytes, list[tuple[bytes, bytes]]]] = [
    ("1.1", b"/", [HOST]),
    ("1.0", b"/", []),
    ("1.1", b"/a?b=c%20d", [(b"host", b"mail.example:8443")]),
    ("1.1", b"/", [(b"host", b"[2001:db8::1]:443")]),
    ("1.1", b"https://a/x", [HOST]),
    ("1.1", b"HTTPS://A", [HOST]),
    ("1.1", b"/", [HOST, (b"content-length", b"0")]),
    ("1.1", b"/", [HOST, (b"content-length", b"65536")]),
    ("1.1", b"/", [HOST, (b"transfer-encoding", b"Chunked")]),
    ("1.1", b"/", [HOST, *[(b"x", b"y")] * (MAX_HEADERS - 1)]),
]


@pytest.mark.parametrize(("version", "target", "headers"), GOOD)
def test_what_leaves_no_doubt_is_read(version: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """The control of all the refusals: ordinary requests of every kind."""
    assert not doubtful(version, target, headers)


@pytest.mark.parametrize("case", [case for case in CORPUS["case"] if case["rule"] and "status" not in case])
def test_our_own_rules_refuse_without_the_parser(case: dict[str, Any]) -> None:
    """A parser that grows lenient changes nothing for what our rules are about (where it gets as far as the head)."""
    head = in_full(case["request"]).partition(b"\r\n\r\n")[0].decode("latin-1")
    line, *lines = head.split("\r\n")
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    pairs = [entry.partition(":") for entry in lines]
    headers = [(name.lower().encode(), value.strip(" \t").encode("latin-1")) for name, _, value in pairs]
    assert method
    assert doubtful(version.removeprefix("HTTP/"), target.encode("latin-1"), headers)
