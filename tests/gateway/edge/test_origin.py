"""Where a request comes from, for the audit log: its network as a keyed hash, its refusals noted once."""

from typing import Any

import pytest

from gateway.audit.event import Event, Kind, Outcome
from gateway.edge.bucket import Policy
from gateway.edge.origin import denied, network_mark
from gateway.edge.rate_limit import Limits

KEY = b"k" * 32


def mark(address: str, key: bytes = KEY) -> bytes | None:
    return network_mark({"client": (address, 1)}, key)


def test_a_network_is_a_24_or_a_64() -> None:
    """Neighbours share a mark, others don't; an IPv4 address in IPv6's clothes is the same one."""
    assert mark("203.0.113.7") == mark("203.0.113.250") == mark("::ffff:203.0.113.9")
    assert mark("203.0.113.7") != mark("203.0.114.7")
    assert mark("2001:db8:0:1::1") == mark("2001:db8:0:1:ffff::9") != mark("2001:db8:0:2::1")


def test_without_the_key_nobody_can_tell_which() -> None:
    """Another key, another mark; no address, none."""
    assert mark("203.0.113.7") != mark("203.0.113.7", b"other" * 7)
    assert mark("nonsense") is None
    assert network_mark({"client": None}, KEY) is None


async def test_a_refused_token_is_noted_once_with_its_network(make_edge: Any) -> None:
    """One refusal, one event; what is allowed leaves none."""
    edge = make_edge()
    await edge.get("/api/v1/things")
    assert edge.notes.taken == []
    await edge.get("/api/v1/things", headers={})
    ((event, came),) = edge.notes.taken
    assert event == Event(Kind.TOKEN_REFUSED, Outcome.REFUSED)
    assert came.network == mark("203.0.113.7")
    assert came.trace_id is not None
    assert len(came.trace_id) == 32


async def test_a_limit_is_noted_by_its_name(make_edge: Any) -> None:
    """Whichever limit it was."""
    edge = make_edge(Limits(person=Policy("person", quota=1, window_s=60)))
    await edge.get("/api/v1/things")
    await edge.get("/api/v1/things")
    ((event, _),) = edge.notes.taken
    assert (event.kind, event.reason, event.outcome) == (Kind.LIMITED, "person", Outcome.REFUSED)
    assert event.person is not None


def test_a_denial_outside_of_the_layer_is_an_error() -> None:
    """Forgetting the layer does not lose events in silence."""
    with pytest.raises(KeyError):
        denied({}, "mailbox")
