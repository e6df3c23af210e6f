"""How a command ends: its exit code, and what went wrong in words on stderr. No traceback for what can be expected."""

import os
import sys
from collections.abc import Callable

from chassis.errors import StartRefused
from cli import interrupt
from cli.child import ChildFailed
from cli.exit_code import ExitCode
from cli.report import Report
from cli.unusable import Unusable
from sandbox.seeds import UnreadableMailbox


def ending(report: Report, work: Callable[[], ExitCode], expected: tuple[type[Exception], ...]) -> ExitCode:
    """Work's own exit code, or FAILED or USAGE. expected: what may go wrong, in words that are fit for a person."""
    try:
        with interrupt.in_good_order():
            return work()
    except (Unusable, UnreadableMailbox) as refusal:
        report.refused(refusal.what, refusal.why, refusal.what_to_do)
        return ExitCode.USAGE
    except BrokenPipeError:  # whoever reads us has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except KeyboardInterrupt:
        report.wrong("stopped before the end. Nothing has moved, and nothing is left running.")
    except Exception as error:
        if not isinstance(error, (ChildFailed, StartRefused, OSError, *expected)):
            raise  # a fault of ours: the traceback is what helps
        report.wrong(str(error) or type(error).__name__)
    return ExitCode.FAILED
