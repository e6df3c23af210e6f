"""The policy hash: the same for the same sources, another for any change in what judges."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sentinel
from sentinel.operating_point import Strictness
from sentinel.policy import policy_hash

SOURCES = Path(sentinel.__file__).parent


def hash_of(folder: Path) -> bytes:
    """The hash that a copy of the package computes of itself."""
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import sentinel.policy as p; print(p.policy_hash().hex())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, timeout=60, check=True)
    return bytes.fromhex(done.stdout.decode().strip())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SOURCES, tmp_path / "sentinel", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_copy_has_the_same_hash(copy: Path) -> None:
    """Wherever it is installed, and whatever its line ends are."""
    rules = copy / "sentinel" / "rules" / "override.toml"
    rules.write_bytes(rules.read_bytes().replace(b"\n", b"\r\n"))
    assert hash_of(copy) == policy_hash()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "rules/override.toml",
            "rules/rule.py",
            "canonical/form.py",
            "detectors/hidden.py",
            "verdict.py",
            "reading.py",
        ),
        *("learned/weights.bin", "learned/techniques.json"),
        *("lexicon/en.toml", "operating_point.py", "views/leet.py"),
    ],
)
def test_any_change_in_what_judges_changes_it(copy: Path, name: str) -> None:
    """Patterns, weights, steps, thresholds, caps."""
    with (copy / "sentinel" / name).open("a") as source:
        source.write("# changed\n")
    assert hash_of(copy) != policy_hash()


def test_each_strictness_has_its_own_hash() -> None:
    """A looser sentinel can't sign under the pin of a stricter one."""
    assert len({policy_hash(strictness) for strictness in Strictness}) == len(Strictness)


def test_what_only_carries_does_not_change_it(copy: Path) -> None:
    """Or every fix of a log line would need a rollout of pins."""
    with (copy / "sentinel" / "servicer.py").open("a") as source:
        source.write("# changed\n")
    assert hash_of(copy) == policy_hash()
