"""Which address a request counts for: X-Forwarded-For is believed from the operator's proxies, and from nobody else."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.edge.address import MAX_HOPS, caller
from gateway.edge.bucket import Policy
from gateway.edge.rate_limit import Limits

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
PROXY, PEER = "10.0.0.1", "203.0.113.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, ["198.51.100.1"], "198.51.100.1"),
        (PROXY, ["198.51.100.9, 198.51.100.1"], "198.51.100.1"),  # the left one is the caller's own invention
        (PROXY, ["198.51.100.9", "198.51.100.1"], "198.51.100.1"),  # two headers are one list
        (PROXY, ["198.51.100.1, 10.9.9.9, 10.8.8.8"], "198.51.100.1"),  # a chain of ours
        (PROXY, ["garbage, 198.51.100.1"], "198.51.100.1"),  # what is left of the answer doesn't matter
        (PROXY, [" \t198.51.100.1 "], "198.51.100.1"),
        (PROXY, ["2001:db8::1"], "2001:db8::1"),
        (PROXY, ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),  # a dual-stack socket writes IPv4 so
    ],
)
def test_behind_our_proxies_the_right_most_other_hop_counts(peer: str, forwarded: list[str], address: str) -> None:
    """Written by the last machine that is ours, about the first that is not."""
    assert caller(peer, [value.encode() for value in forwarded], PROXIES) == address


@pytest.mark.parametrize(
    "forwarded",
    [
        [],
        [""],
        [","],
        ["198.51.100.1,"],
        ["garbage"],
        ["198.51.100.1, garbage"],
        ["198.51.100.1:4711"],
        ["[2001:db8::1]"],
        ["[2001:db8::1]:443"],
        ["2001:db8::1%eth0"],
        ["198.51.100"],
        ["198.51.100.1/32"],
        ["0198.51.100.1"],
        ["0xc6.51.100.1"],
        ["198.51.100.1 198.51.100.2"],
        ["unknown"],
        ["localhost"],
        ['"198.51.100.1"'],
        ["for=198.51.100.1"],
        ["198.51.100.1\x00"],
        ["\xb9\xb2.1.1.1"],
        ["10.1.1.1, 10.2.2.2"],  # nothing but ourselves
        ["198.51.100.1" + ", 10.1.1.1" * MAX_HOPS],  # a chain longer than anybody's
    ],
)
def test_what_is_no_plain_address_leaves_the_peer(forwarded: list[str]) -> None:
    """Ports, brackets, zones, garbage, nothing: the proxy's own address counts. Strict limits, never none."""
    assert caller(PROXY, [value.encode("latin-1") for value in forwarded], PROXIES) == PROXY


@pytest.mark.parametrize("peer", [PEER, "2001:db8::7", "::ffff:203.0.113.7", "11.0.0.1", "unknown"])
def test_nobody_else_is_believed(peer: str) -> None:
    """Who isn't on the list counts for themselves, whatever they write."""
    assert caller(peer, [b"198.51.100.1"], PROXIES) == peer
    assert caller(peer, [b"198.51.100.1"], []) == peer


async def _asked(front: Any, peer: str, forwarded: str) -> int:
    async with front.client(peer) as client:
        answer = await client.post("/api/v1/session/sign-in", headers={"x-forwarded-for": forwarded})
    return int(answer.status_code)


async def test_limits_go_by_the_caller_behind_a_proxy(make_edge: Callable[..., Any]) -> None:
    """Two people behind one proxy have a limit each; inventing hops on the left gives nobody another one."""
    front = make_edge(limits=Limits(session=Policy("session", quota=1, window_s=60)), proxies=PROXIES)
    assert await _asked(front, PROXY, "198.51.100.1") == 200
    assert await _asked(front, PROXY, "192.0.2.1, 198.51.100.1") == 429
    assert await _asked(front, PROXY, "198.51.100.2") == 200


async def test_hostile_values_share_the_proxys_limit(make_edge: Callable[..., Any]) -> None:
    """Another garbage each time is still one caller."""
    front = make_edge(limits=Limits(session=Policy("session", quota=1, window_s=60)), proxies=PROXIES)
    asked = [await _asked(front, PROXY, value) for value in ("garbage", "198.51.100.1:1", "[::1]:2", "x" * 4000)]
    assert asked == [200, 429, 429, 429]


async def test_a_spoofed_header_changes_no_limit_and_no_log(
    make_edge: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """From an untrusted peer it is one caller; neither the address nor what it claims is in a log line or a span."""
    front = make_edge(limits=Limits(session=Policy("session", quota=1, window_s=60)), proxies=PROXIES)
    asked = [await _asked(front, PEER, f"198.51.100.{number}") for number in range(3)]
    assert asked == [200, 429, 429]
    async with front.client(PEER) as client:
        await client.get(
            "/api/v1/fails", headers={"authorization": "Bearer good-token", "x-forwarded-for": "198.51.100.9"}
        )
    out = capsys.readouterr()
    written = out.out + out.err + "".join(span.to_json() for span in front.spans.get_finished_spans())
    assert "RuntimeError" in written
    assert "198.51.100" not in written
    assert PEER not in written
