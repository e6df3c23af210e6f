"""What inspecting ordinary mail costs: CPU microseconds a message, in batches of 256, on one core.

    python tests/bench/inspect_time.py [LABELLED.jsonl]

Without a file, honest subjects are made of sentinel's own books of phrases, with senders; with one, its rows of label 0
are taken. Median over batches, best of five rounds: what is left is the work, not the neighbours.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from sentinel.finding import Field
from sentinel.inspector import Inspector, detectors
from sentinel.item import Item
from sentinel.training.phrases import read_phrases

BATCH, BATCHES, ROUNDS = 256, 12, 5
FIELDS = {Field.SUBJECT: "subject", Field.SENDER_NAME: "sender_name", Field.SENDER_ADDRESS: "sender_address"}


def made() -> Iterator[Item]:
    """Ordinary English mail; an endless supply."""
    random = Random(1)  # noqa: S311  # repeatable on purpose
    books = [book for book in read_phrases() if book.language == "en"]
    while True:
        book = random.choice(books)
        subject = book.sentence(random.choice(book.benign["ordinary"]), random)
        name = random.choice(book.words["person"])
        yield Item({Field.SUBJECT: subject, Field.SENDER_NAME: name, Field.SENDER_ADDRESS: "a.person@mail.example"})


def labelled(file: Path) -> Iterator[Item]:
    """The honest rows of a file."""
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        if not row["label"]:
            yield Item({field: row[name] for field, name in FIELDS.items() if row.get(name)})


def microseconds(inspector: Inspector, batches: Sequence[Sequence[Item]]) -> float:
    """Median CPU time a message over the batches."""
    took = []
    for batch in batches:
        started = time.process_time()
        inspector.inspect(batch)
        took.append((time.process_time() - started) / len(batch) * 1e6)
    return statistics.median(took)


def main() -> int:
    """The command."""
    source = labelled(Path(sys.argv[1])) if len(sys.argv) > 1 else made()
    items = [item for item, _ in zip(source, range(BATCH * BATCHES), strict=False)]
    batches = [items[at : at + BATCH] for at in range(0, len(items) - BATCH + 1, BATCH)]
    inspector = Inspector(detectors())
    best = min(microseconds(inspector, batches) for _ in range(ROUNDS))
    sys.stdout.write(f"{best:.1f} us of CPU a message, median of {len(batches)} batches of {BATCH}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
