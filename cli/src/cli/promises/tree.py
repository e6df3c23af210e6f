"""The state of the sources, as Git has it."""

import subprocess
from pathlib import Path

from cli.promises.results import Tree


def tree(root: Path) -> Tree | None:
    """The commit, and whether anything differs from it or is new; None where there is no repository."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    changes = _git(root, "status", "--porcelain")
    return None if commit is None or changes is None else Tree(commit.strip(), bool(changes.strip()))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        ended = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607  # fixed words; the developer's own Git
    except OSError:
        return None
    return ended.stdout if ended.returncode == 0 else None
