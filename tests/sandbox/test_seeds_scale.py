"""A large mailbox streams: memory is bounded by a message's head, not by their number or size."""

import subprocess
import sys
import time
from pathlib import Path

from sandbox.seeds import mbox, read

MESSAGES = 100_000
MAX_GROWTH = 24 << 20  # bytes: two chunks of 1 MiB, what joining them copies, and the allocator's slack

_READ = """
import resource, sys
from pathlib import Path
from sandbox.seeds import read
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
reading = read(Path(sys.argv[1]))
last = None
for message in reading:
    last = message.subject
print(reading.messages, peak() - before, last)
"""


def measured(path: Path) -> tuple[int, int, str]:
    """How many messages a process of its own read, by how many bytes it grew, and the last subject."""
    done = subprocess.run([sys.executable, "-c", _READ, str(path)], check=True, capture_output=True, text=True)
    count, growth, subject = done.stdout.split(maxsplit=2)
    return int(count), int(growth), subject.strip()


def test_100_000_messages_stream_in_bounded_memory(tmp_path: Path) -> None:
    """100,000 messages are all read, without the process growing with them."""
    path = tmp_path / "large.mbox"
    with path.open("wb") as stream:
        for number in range(MESSAGES):
            stream.write(
                b"From a@one.example Fri Jan  9 08:14:00 2026\nFrom: Ada <ada@one.example>\nTo: nora@two.example\n"
                b"Date: Fri, 09 Jan 2026 09:14:00 +0100\nSubject: message %d\nMessage-ID: <%d@one.example>\n\n"
                b"text\n\n" % (number, number),
            )
    started = time.monotonic()
    count, growth, subject = measured(path)
    assert (count, subject) == (MESSAGES, f"message {MESSAGES - 1}")
    assert growth < MAX_GROWTH
    assert time.monotonic() - started < 60  # an order of magnitude over what it takes: a quadratic reader shows


def test_attachments_are_skipped_not_held(tmp_path: Path) -> None:
    """Two messages of 64 MiB each, one of them a single line, are read without holding them."""
    path = tmp_path / "attachments.mbox"
    head = b"From a@one.example Fri Jan  9 08:14:00 2026\nFrom: a@one.example\nSubject: %d\n\n"
    with path.open("wb") as stream:
        stream.write(head % 1 + b"QUJD" * (16 << 20) + b"\n\n")
        stream.write(head % 2 + (b"QUJD" * 19 + b"\n") * ((64 << 20) // 77) + b"\n")
        stream.write(head % 3)
    count, growth, _subject = measured(path)
    assert count == 3
    assert growth < MAX_GROWTH


def test_separator_across_the_edge_of_a_chunk_is_found(tmp_path: Path) -> None:
    """Wherever the reading window ends, in a separator or before it, no message is lost or doubled."""
    head = b"From a@one.example Fri Jan  9 08:14:00 2026\nFrom: a@one.example\nSubject: "
    path = tmp_path / "edge.mbox"
    for offset in range(-60, 12):
        filler = mbox.CHUNK + offset - len(head) - len(b"1\n\n\n\n")
        path.write_bytes(head + b"1\n\n" + b"x" * filler + b"\n\n" + head + b"2\n\n" + head + b"3\n")
        assert [message.subject for message in read(path)] == ["1", "2", "3"]


def test_headers_larger_than_the_limit_are_read_up_to_it(tmp_path: Path) -> None:
    """A header block without an end can't fill the memory; what stands before the limit is read."""
    path = tmp_path / "head.mbox"
    separator = b"From a@one.example Fri Jan  9 08:14:00 2026\n"
    endless = b"Subject: seen\nX-Padding: " + b"x" * (2 * mbox.MAX_HEAD) + b"\nFrom: late@one.example\n\n"
    path.write_bytes(separator + endless + separator + b"Subject: next\n\n")
    first, second = read(path)
    assert (first.subject, first.sender_address, second.subject) == ("seen", "", "next")
