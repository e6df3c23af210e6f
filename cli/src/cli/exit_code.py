"""The four ways in which a command ends, for scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """DONE: ended as asked. FAILED: something broke, or it was stopped. USAGE: what was given can't be used.

    HELD: done, and at least one message is held (scan only).
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    HELD = 3
