"""One buffer for all connections, and nobody sees another's bytes."""

import asyncio

from gateway.edge.reading import BUFFER_BYTES, Reading


class Heard(asyncio.Protocol):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.said.append(data)


def arrive(reading: Reading, data: bytes) -> None:
    """As the loop does it."""
    reading.get_buffer(-1)[: len(data)] = data
    reading.buffer_updated(len(data))


def test_each_gets_its_own_and_keeps_it() -> None:
    """A short piece after a long one of somebody else has nothing of that one, and changes nothing of it."""
    one, other = Heard(), Heard()
    arrive(Reading(one), b"a secret of one")
    arrive(Reading(other), b"short")
    assert (one.said, other.said) == ([b"a secret of one"], [b"short"])
    assert isinstance(one.said[0], bytes)


def test_there_is_room_for_several_records() -> None:
    """A TLS record has 16 KiB."""
    assert len(Reading(Heard()).get_buffer(-1)) == BUFFER_BYTES >= 2 * 16 * 1024
