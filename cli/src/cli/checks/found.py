"""What a check found."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from chassis.errors import StartRefused


class State(StrEnum):
    """OK; WARN: will be a problem; FAIL: is one; UNKNOWN: could not be looked at, and why is said."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Found(NamedTuple):
    """name: what was looked at; told: what is; to_do: empty when all is well."""

    name: str
    state: State
    told: str
    to_do: str = ""

    @property
    def failed(self) -> bool:
        """Whether something does not work now."""
        return self.state is State.FAIL


def ok(name: str, told: str) -> Found:
    """All is well."""
    return Found(name, State.OK, told)


def warn(name: str, told: str, to_do: str) -> Found:
    """It works now, and won't for ever."""
    return Found(name, State.WARN, told, to_do)


def fail(name: str, told: str, to_do: str) -> Found:
    """It does not work."""
    return Found(name, State.FAIL, told, to_do)


def unknown(name: str, told: str, to_do: str = "") -> Found:
    """It could not be looked at."""
    return Found(name, State.UNKNOWN, told, to_do)


def refusal(name: str, look: Callable[[], Found]) -> Found:
    """What `look` finds; a refused start is a failure in the words that the start itself would use."""
    try:
        return look()
    except StartRefused as refused:
        return refused_start(name, refused)


def refused_start(name: str, refused: StartRefused) -> Found:
    """The same for a refusal that was caught already."""
    what, _, to_do = str(refused).partition(". ")
    return fail(name, f"{what.removesuffix('.')}.", to_do or "Correct it as the sentence says.")
