"""`mail-organiser evaluate`: the owner's own accuracy, from the owner's own files, through the real processes."""

import json
import os
import signal
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest

HOSTILE = "\x1b[2J\u202eslliB" + "".join(chr(0xE0000 + ord(letter)) for letter in "words")


def _written(path: Path, names: tuple[str, str]) -> Path:
    """Two senders, two folders; one message isn't filed."""
    rows = [
        {"id": str(number), "date": f"2026-01-{1 + number // 24:02d}T{number % 24:02d}:00:00Z", "from_name": "A"}
        | {
            "from_address": f"{'ab'[number % 2]}@a.test",
            "subject": f"{('cake', 'plan')[number % 2]} {number}",
            "to": ["me@b.test"],
        }
        | {"folder": names[number % 2] if number < 60 else None}
        for number in range(61)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mailbox that is easy to sort."""
    return _written(tmp_path_factory.mktemp("filed") / "rows.jsonl", ("Bills", "Work"))


def test_the_figures_are_those_of_the_owners_filing(command: Any, mailbox: Path, tmp_path: Path) -> None:
    """All filed messages and no other; the first of each folder can't be right, nearly all of the others are."""
    drawn = tmp_path / "out.svg"
    done = command.ran("evaluate", str(mailbox), "--format", "json", "--batch", "2", "--svg", str(drawn))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["messages"], found["first_of_their_folder"], found["held"]) == (60, 2, 0)
    assert found["accuracy"] >= 0.9
    assert [row["least"] for row in found["thresholds"]] == [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
    assert done.stdout.isascii()
    assert drawn.read_text().startswith("<svg")
    assert "Work" not in drawn.read_text()


def test_a_table_is_fit_for_a_terminal(command: Any, tmp_path: Path) -> None:
    """Names of folders can't act on the terminal; what they hide is shown. Sentinel lets nothing be filed there."""
    done = command.ran("evaluate", str(_written(tmp_path / "hostile.jsonl", (HOSTILE, "Work"))), "--limit", "12")
    assert "of 12 messages were chosen as you filed them" in done.stdout
    assert "calibration error" in done.stdout
    assert "<U+001B>[2J<U+202E>slliB<5 hidden" in done.stdout
    acting = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert {one for one in done.stdout if category(one) in acting} <= {"\n"}
    assert "4 at a time" in done.stderr


def test_an_attack_is_held_and_told_by_the_exit_code(command: Any, sample_mbox: Path) -> None:
    """The sample's filed mail: most of it is found; the exit code is that of a scan."""
    done = command.ran("evaluate", str(sample_mbox), "--format", "json", "--batch", "16")
    found = json.loads(done.stdout)
    assert found["messages"] == 254
    assert found["accuracy"] > 0.7
    assert done.returncode == (3 if found["held"] else 0)


def test_what_cannot_be_evaluated_is_refused(command: Any, mailbox: Path, tmp_path: Path) -> None:
    """No file, nothing filed, a diagram that has no place: exit code 2 and three lines, before any work."""
    unfiled = tmp_path / "unfiled.jsonl"
    unfiled.write_text(mailbox.read_text().splitlines()[-1] + "\n")
    for arguments in (
        ("evaluate", str(tmp_path / "absent.mbox")),
        ("evaluate", str(unfiled)),
        ("evaluate", str(mailbox), "--svg", str(tmp_path)),
        ("evaluate", str(mailbox), "--svg", str(tmp_path / "absent" / "out.svg")),
        ("evaluate", str(mailbox), "--batch", "0"),
    ):
        refused = command.ran(*arguments)
        assert refused.returncode == 2, arguments
        assert refused.stdout == ""
        assert len(refused.stderr.splitlines()) >= 3, refused.stderr


def test_a_stopped_evaluation_leaves_no_process_behind(command: Any, mailbox: Path, tmp_path: Path) -> None:
    """Exit code 1, a sentence, and both engines gone."""
    with command.started("evaluate", str(mailbox), "--batch", "1", cwd=tmp_path, TMPDIR=str(tmp_path)) as running:
        pids = command.until(lambda: len(found := running.children()) == 2 and found, "both engines")
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.ended() == 1
    assert not any(command.alive(pid) for pid in pids.values())
    assert list(tmp_path.iterdir()) == []
