"""The `sentinel` command: serve, inspect, policy. Imports what a subcommand needs only when it runs."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click


class BrokenLine(ValueError):
    """A line of standard input that is no message; its words never repeat the line."""


@click.group()
def main() -> None:
    """Judge hostile mail text before anything else reads it."""


@main.command()
def inspect() -> None:
    """Read JSON lines {"id","subject","sender_name","sender_address"}; write a verdict for each."""
    broken = False
    inspect_line = _line_inspector()
    for number, line in _lines(sys.stdin.buffer):
        try:
            sys.stdout.write(json.dumps(inspect_line(line)) + "\n")
        except BrokenLine as error:
            broken = True
            click.echo(f"line {number}: {error}", err=True)
    sys.exit(1 if broken else 0)
