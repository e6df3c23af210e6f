"""The `sentinel` command: serve, inspect, policy.

Imports the service's half (grpc, TLS) only when it serves, so that `inspect` answers at once; inspect needs neither
settings nor network. Must never: repeat a line that it could not read.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sentinel.finding import Field, Finding
from sentinel.inspector import Inspector, detectors
from sentinel.item import Item
from sentinel.policy import policy_hash
from sentinel.verdict import Verdict

MAX_LINE = 1_048_576  # bytes of one line; a message is a few hundred
_FIELDS = {"subject": Field.SUBJECT, "sender_name": Field.SENDER_NAME, "sender_address": Field.SENDER_ADDRESS}


class BrokenLine(ValueError):
    """A line of standard input that is no message; its words never repeat the line."""


@click.group()
def main() -> None:
    """Judge hostile mail text before anything else reads it."""


@main.command()
def inspect() -> None:
    """Read JSON lines {"id", "subject", "sender_name", "sender_address"}; write a verdict for each."""
    inspector, broken = Inspector(detectors()), False
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            answer = answered(inspector, line)
        except BrokenLine as error:
            broken = True
            click.echo(f"line {number}: {error}", err=True)
        else:
            sys.stdout.write(answer)
    sys.exit(1 if broken else 0)


@main.command()
def policy() -> None:
    """Print the policy hash, which classifier's settings pin."""
    click.echo(policy_hash().hex())


@main.command()
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="TOML file.")
def serve(settings: Path) -> None:
    """Run the service until SIGTERM."""
    from sentinel.main import run  # noqa: PLC0415  # grpc takes a third of a second to import

    sys.exit(run(settings))


def answered(inspector: Inspector, line: bytes) -> str:
    """The line of output for a line of input, or BrokenLine."""
    row = _row(line)
    verdict = inspector.inspect(Item(_texts(row)))
    return json.dumps(_answer(row["id"], verdict)) + "\n"


def _row(line: bytes) -> Mapping[str, Any]:
    if len(line) > MAX_LINE:
        raise BrokenLine(f"longer than {MAX_LINE} bytes")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise BrokenLine("not JSON in UTF-8") from None
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise BrokenLine('not an object with a text "id"')
    return row


def _texts(row: Mapping[str, Any]) -> dict[Field, str]:
    given = {field: row.get(name) for name, field in _FIELDS.items()}
    if not all(text is None or isinstance(text, str) for text in given.values()):
        raise BrokenLine("subject, sender_name and sender_address must be text or null")
    return {field: text for field, text in given.items() if text is not None}


def _answer(id_: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": id_,
        "outcome": verdict.outcome.name.lower(),
        "risk": round(verdict.risk, 6),
        "findings": [_finding(finding) for finding in verdict.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "technique": finding.technique.name.lower(),
        "field": finding.field.name.lower(),
        "start": finding.start,
        "end": finding.end,
        "weight": finding.weight,
        "rule_id": finding.rule_id,
    }
