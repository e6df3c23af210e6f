"""The command line: `classifier serve` and `classifier replay`. Imports what a command needs when it runs."""

import chassis  # noqa: F401  # isort: skip  # before hashlib and ssl: they read OpenSSL's settings while they are imported

import secrets
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from classifier.feature_key import FeatureKey
    from classifier.replay import Replayed, Row

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def main() -> None:
    """Chooses a folder for a message, or none."""


@main.command()
@click.option("--settings", "settings", type=_FILE, required=True, help="TOML file; see classifier.settings.")
def serve(settings: Path) -> None:
    """Serves ClassifierService until a signal."""
    from classifier.main import run  # noqa: PLC0415  # grpc takes its time, and replay needs none

    sys.exit(run(settings))


@main.command()
@click.option("--feature-key-file", type=_FILE, help="32 raw bytes; a random key for this run if not given.")
@click.option("--score", "scored", is_flag=True, help="Print accuracy and calibration error to stderr at the end.")
def replay(feature_key_file: Path | None, *, scored: bool) -> None:
    """Reads rows from stdin; for each one chooses a folder, writes the choice to stdout, then learns its folder."""
    from classifier.replay import Replay, written  # noqa: PLC0415  # numpy, only here

    lines = _Lines(sys.stdin)
    tally = _Tally()
    for replayed in Replay(_key(feature_key_file)).of(lines.rows()):
        sys.stdout.write(written(replayed) + "\n")
        tally.add(replayed)
    if scored:
        tally.write()
    sys.exit(1 if lines.malformed else 0)


class _Lines:
    """The rows of a stream. A malformed line is named on stderr and passed over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.malformed = 0

    def rows(self) -> Iterator["Row"]:
        from classifier.replay import MalformedRow, parse  # noqa: PLC0415  # numpy, only here

        for number, line in enumerate(self._stream, start=1):
            if not line.strip():
                continue
            try:
                yield parse(line)
            except MalformedRow as refusal:
                self.malformed += 1
                click.echo(f"line {number}: {refusal}. Correct or remove it; the rest was replayed.", err=True)


class _Tally:
    """Right and wrong, by user."""

    def __init__(self) -> None:
        self._answers: dict[str, list[tuple[float, bool]]] = defaultdict(list)

    def add(self, replayed: "Replayed") -> None:
        if replayed.row.folder is not None:
            self._answers[replayed.row.user].append((replayed.choice.confidence, replayed.right))

    def write(self) -> None:
        from classifier.score import score  # noqa: PLC0415  # only when asked

        scores = {user: score(answers) for user, answers in self._answers.items()}
        for user, one in scores.items():
            click.echo(
                f"{user}: {one.rows} rows, accuracy {one.accuracy:.2%}, ECE {one.calibration_error:.2%}", err=True
            )
        if len(scores) > 1:
            mean = sum(one.accuracy for one in scores.values()) / len(scores)
            error = sum(one.calibration_error for one in scores.values()) / len(scores)
            click.echo(f"mean of {len(scores)} users: accuracy {mean:.2%}, ECE {error:.2%}", err=True)


def _key(path: Path | None) -> "FeatureKey":
    from classifier.feature_key import LENGTH, FeatureKey, FeatureKeyRefused  # noqa: PLC0415  # numpy, only here

    try:
        return FeatureKey(secrets.token_bytes(LENGTH) if path is None else path.read_bytes())
    except FeatureKeyRefused as refusal:
        raise click.ClickException(f"--feature-key-file: {refusal}. Write 32 random bytes into it.") from None
