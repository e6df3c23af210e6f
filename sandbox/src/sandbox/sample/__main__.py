"""`python -m sandbox.sample > sample.mbox` writes the sample mailbox; with --truth, one JSON line a message instead."""

import json
import sys
from collections.abc import Iterator

from sandbox.sample.mailbox import messages, truth
from sandbox.sample.mbox_export import to_mbox


def main(arguments: list[str]) -> None:
    """Writes the mailbox, or what tests know about it, to standard output."""
    for line in _truth_lines() if arguments == ["--truth"] else map(to_mbox, messages()):
        sys.stdout.buffer.write(line)


def _truth_lines() -> Iterator[bytes]:
    for message_id, known in truth().items():
        yield json.dumps({"id": message_id, **known._asdict()}, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    main(sys.argv[1:])
