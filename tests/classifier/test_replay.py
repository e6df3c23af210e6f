"""`classifier replay`, as a process: rows in, choices out, in order."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from classifier.replay import parse
from mail_organiser.columns import MAX_RECIPIENTS


def _run(*arguments: str, rows: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("classifier")
    return subprocess.run(
        [program, "replay", *arguments], input=rows, capture_output=True, text=True, check=False, timeout=120
    )


def _row(number: int, message: Any, folder: str | None, user: str = "u1", **more: Any) -> str:
    row = {
        "id": f"m{number}",
        "user": user,
        "from_address": message.sender_address,
        "from_name": message.sender_name,
        "to": ["me@home.test"],
        "cc": [],
        "subject": message.subject,
        "folder": folder,
    }
    return json.dumps({**row, **more})


def _rows(post: Any, count: int, **more: Any) -> str:
    filed = enumerate(post.stream(count))
    return "\n".join(_row(number, message, folder, **more) for number, (message, folder) in filed)


def test_each_row_is_answered_then_learned(post: Any) -> None:
    """One line a row, in order; the first can't be right, most of the later ones are."""
    done = _run("--score", rows=_rows(post, 600))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [answer["id"] for answer in answers] == [f"m{number}" for number in range(600)]
    assert answers[0] == {
        "id": "m0",
        "folder": None,
        "confidence": 0.0,
        "engine": "none",
        "reason": "nothing_learned",
    }
    late = zip(answers[300:], list(post.stream(600))[300:], strict=True)
    assert sum(answer["folder"] == folder for answer, (_, folder) in late) >= 240
    assert set(answers[-1]) == {"id", "folder", "confidence", "engine", "reason"}
    assert "u1: 600 rows, accuracy" in done.stderr


def test_users_do_not_learn_from_one_another(post: Any) -> None:
    """Each user of a stream has a profile of their own."""
    mine = _row(0, post.message(), "fol_mine", user="me")
    yours = _row(1, post.message(), "fol_yours", user="you")
    again = _row(2, post.message(), "fol_mine", user="me")
    answers = [json.loads(line) for line in _run(rows=f"{mine}\n{yours}\n{again}").stdout.splitlines()]
    assert [answer["folder"] for answer in answers] == [None, None, "fol_mine"]


@pytest.mark.parametrize(
    "bad",
    ["{", "[]", "17", "{}", '{"id": 3}', '{"id": "x", "to": "me"}', '{"id": "x", "subject": 4}', "[" * 20_000],
    ids=["cut", "list", "number", "no id", "id", "to", "subject", "deep"],
)
def test_a_malformed_line_is_named_and_the_rest_is_replayed(post: Any, bad: str) -> None:
    """The line's number goes to stderr, its text doesn't; the exit code says so at the end."""
    good = _row(0, post.message(subject="zanzibar"), "fol_a")
    done = _run(rows=f"{good}\n{bad}\n{good}")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr.startswith("line 2: ")
    assert "zanzibar" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_row_without_a_folder_is_only_answered(post: Any) -> None:
    """What nobody filed teaches nothing."""
    rows = [_row(0, post.message(), "fol_a"), _row(1, post.message(), None), _row(2, post.message(), "fol_a")]
    answers = [json.loads(line) for line in _run(rows="\n".join(rows)).stdout.splitlines()]
    assert [answer["folder"] for answer in answers] == [None, "fol_a", "fol_a"]


def test_odd_rows_are_rows(post: Any) -> None:
    """No fields at all, more recipients than a wire message may have, lone surrogates: answered like any other."""
    odd = [
        '{"id": "empty", "folder": "fol_a"}',
        _row(1, post.message(), "fol_a", to=[f"r{number}@x.test" for number in range(700)]),
        '{"id": "lone", "subject": "\\ud800 x", "folder": "fol_\\udfff"}',
    ]
    done = _run(rows="\n".join(odd))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3


def test_a_row_has_as_many_recipients_as_the_wire(post: Any) -> None:
    """Of a row's recipients those are read that a message on the wire may have."""
    row = parse(_row(1, post.message(), "fol_a", to=[f"r{number}@x.test" for number in range(700)]))
    assert len(row.message.recipients) == MAX_RECIPIENTS


def test_a_key_file_makes_a_run_repeatable(tmp_path: Path, post: Any) -> None:
    """With a key file two runs give the same bytes; a file that holds no key is refused in words."""
    good, bad = tmp_path / "good.key", tmp_path / "bad.key"
    good.write_bytes(os.urandom(32))
    bad.write_bytes(b"short")
    rows = _rows(post, 100)
    one, two = (_run("--feature-key-file", str(good), rows=rows).stdout for _ in range(2))
    refused = _run("--feature-key-file", str(bad), rows=rows)
    assert one == two
    assert refused.returncode == 1
    assert "32 random bytes" in refused.stderr
    assert "short" not in refused.stderr


def test_help_is_quick_and_light() -> None:
    """The command line imports neither grpc nor numpy before a command needs them."""
    program = "import sys, classifier.command; print(sorted({'grpc', 'numpy', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
