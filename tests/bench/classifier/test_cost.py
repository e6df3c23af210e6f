"""`make bench-classify` on made-up mail: what it measures, and what it says without a corpus."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from classifier.profile import MAX_PROFILE

HERE = Path(__file__).parent


def _measured(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(HERE / "cost.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def _row(number: int) -> dict[str, Any]:
    return {"id": str(number), "subject": f"w{number % 7}", "from_address": f"{number % 5}@a.test", "to": []}


def test_a_stream_has_a_line_and_all_a_median(tmp_path: Path) -> None:
    """Times of Classify, Learn and the reference, their ratios, and the size of a profile."""
    (tmp_path / "foldering").mkdir()
    rows = [{**_row(number), "folder": ("A", "B", None)[number % 3]} for number in range(300)]
    (tmp_path / "foldering" / "made.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = _measured(str(tmp_path))
    assert done.returncode == 0, done.stderr
    head, one, median = (line.split() for line in done.stdout.splitlines())
    assert head[:4] == ["CPU", "us", "a", "message"]
    assert (one[0], median[0]) == ("made", "median")
    classify, learn, reference = (float(each) for each in one[1:4])
    assert min(classify, learn, reference) > 0
    assert abs(float(one[4]) - classify / reference) / float(one[4]) < 0.2  # the columns are rounded to whole us
    assert 0 < float(one[-2]) * 1000 < MAX_PROFILE


def test_an_absent_corpus_is_told(tmp_path: Path) -> None:
    """What is missing and what to give instead; exit code 1 and no traceback."""
    done = _measured(str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "make bench-classify DATA=path" in done.stderr
    assert "Traceback" not in done.stderr
