"""What --help shows: examples and tables keep their lines."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli.main import main


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
def test_each_has_help_without_marks(path: tuple[str, ...]) -> None:
    """And its first line says what it does."""
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0
    assert "\\b" not in shown.output
    assert "\b" not in shown.output
    assert len(shown.output.split("\n\n")[1].split()) > 2


def test_examples_stand_on_lines_of_their_own() -> None:
    """As they are written, not run together."""
    lines = CliRunner().invoke(main, ["--help"]).output.splitlines()
    assert "      3  done, and something is held (scan, evaluate)" in lines
