"""CPU time of a process and of all that it started, as the scheduler counted it."""

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def microseconds(pid: int) -> float:
    """Of every thread of every process in the tree below `pid`, itself included; those alive now."""
    return sum(_of(one) for one in tree(pid)) / 1000


def tree(pid: int) -> Iterator[int]:
    """The process and its descendants."""
    yield pid
    for children in PROC.glob(f"{pid}/task/*/children"):
        for child in children.read_text().split():
            yield from tree(int(child))


def _of(pid: int) -> int:
    """Nanoseconds on a CPU: the first number of schedstat (Documentation/scheduler/sched-stats.rst)."""
    return sum(int(path.read_text().split()[0]) for path in PROC.glob(f"{pid}/task/*/schedstat"))
