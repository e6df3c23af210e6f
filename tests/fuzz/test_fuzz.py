"""The fuzz target: over its committed corpus in every run, and on the hunt for new inputs in the long ones."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
LEAST_SEEDS = 40
SECONDS = int(os.environ.get("FUZZ_SECONDS", "120"))


def test_every_seed_holds() -> None:
    """What was found once is tried for ever."""
    seeds = sorted(CORPUS.iterdir())
    assert len(seeds) >= LEAST_SEEDS
    judge = runpy.run_path(str(HERE / "inspect_target.py"))["one"]
    for seed in seeds:
        judge(seed.read_bytes())


@pytest.mark.long
def test_no_input_breaks_sentinel(tmp_path: Path) -> None:
    """Two minutes of guided search from the corpus; a crash leaves its input in the message."""
    command = [sys.executable, str(HERE / "inspect_target.py"), f"-artifact_prefix={tmp_path}/", "-max_len=4096"]
    command += [f"-max_total_time={SECONDS}", "-timeout=10", str(tmp_path / "found"), str(CORPUS)]
    (tmp_path / "found").mkdir()
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 3 + 60, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + "".join(
        repr(file.read_bytes()) for file in tmp_path.glob("crash-*")
    )
