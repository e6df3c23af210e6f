"""The `sentinel` command: serve, inspect, policy, train.

Imports the service's half (grpc, TLS) only when it serves, so that `inspect` answers at once; inspect needs neither
settings nor network. Must never: repeat a line that it could not read.
"""

import chassis  # noqa: F401  # isort: skip  # before hashlib and ssl: they read OpenSSL's settings while they are imported

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from sentinel.finding import Field, Finding
from sentinel.inspector import Inspector, detectors
from sentinel.item import Item
from sentinel.operating_point import POINTS, Strictness
from sentinel.policy import policy_hash
from sentinel.verdict import Verdict

MAX_LINE = 1_048_576  # bytes of one line; a message is a few hundred
_CHUNK = 65_536  # bytes read at once; some hundred messages
_FIELDS = {
    "subject": Field.SUBJECT,
    "sender_name": Field.SENDER_NAME,
    "sender_address": Field.SENDER_ADDRESS,
    "list_id": Field.LIST_ID,
}


class BrokenLine(ValueError):
    """A line of standard input that is no message; its words never repeat the line."""


@click.group()
def main() -> None:
    """Judge hostile mail text before anything else reads it."""


_STRICTNESS = click.option(
    "--strictness", type=click.Choice(list(Strictness)), default=Strictness.BALANCED, help="How soon to hold."
)


@main.command()
@_STRICTNESS
def inspect(strictness: Strictness) -> None:
    """Read JSON lines {"id", "subject", "sender_name", "sender_address", "list_id"}; write a verdict for each."""
    inspector, broken, number = Inspector(detectors(), POINTS[strictness]), False, 0
    for lines in batches(sys.stdin.buffer):
        rows: list[Mapping[str, Any]] = []
        for number, line in enumerate(lines, start=number + 1):  # noqa: B020  # counts on
            try:
                rows.append(_row(line))
            except BrokenLine as error:
                broken = True
                click.echo(f"line {number}: {error}", err=True)
        sys.stdout.writelines(answers(inspector, rows))
        sys.stdout.flush()
    sys.exit(1 if broken else 0)


@main.command()
@_STRICTNESS
def policy(strictness: Strictness) -> None:
    """Print the policy hash, which classifier's settings pin."""
    click.echo(policy_hash(strictness).hex())


@main.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Folder; else where this release reads.")
def train(data: Path, into: Path | None) -> None:
    """Make the weights again from DATA/train.jsonl, DATA/dev.jsonl and the phrase books."""
    from sentinel.training.run import run  # noqa: PLC0415  # only to train

    run(data, into, click.echo)


@main.command()
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="TOML file.")
def serve(settings: Path) -> None:
    """Run the service until SIGTERM."""
    from sentinel.main import run  # noqa: PLC0415  # grpc takes a third of a second to import

    sys.exit(run(settings))


def batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Lines as they come: many at once from a file, one at a time from somebody who waits for each answer."""
    rest = b""
    while chunk := stream.read1(_CHUNK):  # type: ignore[attr-defined]  # of a buffered reader
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[: MAX_LINE + 1]  # of a longer one it is enough to know that it is
        yield lines
    if rest:
        yield [rest]


def answers(inspector: Inspector, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of output for rows of input."""
    verdicts = inspector.inspect([Item(_texts(row)) for row in rows])
    for row, verdict in zip(rows, verdicts, strict=True):
        yield json.dumps(_answer(row["id"], verdict)) + "\n"


def _row(line: bytes) -> Mapping[str, Any]:
    if len(line) > MAX_LINE:
        raise BrokenLine(f"longer than {MAX_LINE} bytes")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise BrokenLine("not JSON in UTF-8") from None
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise BrokenLine('not an object with a text "id"')
    if not all(isinstance(row.get(name), str | None) for name in _FIELDS):
        raise BrokenLine("subject, sender_name, sender_address and list_id must be text or null")
    return row


def _texts(row: Mapping[str, Any]) -> dict[Field, str]:
    given = {field: row.get(name) for name, field in _FIELDS.items()}
    return {field: text for field, text in given.items() if text is not None}


def _answer(id_: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": id_,
        "outcome": verdict.outcome.name.lower(),
        "risk": round(verdict.risk, 9),
        "findings": [_finding(finding) for finding in verdict.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "technique": finding.technique.name.lower(),
        "field": finding.field.name.lower(),
        "start": finding.start,
        "end": finding.end,
        "weight": round(finding.weight, 6),
        "rule_id": finding.rule_id,
    }
