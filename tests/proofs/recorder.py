"""Writes what came of each test, and at which commit, into the file that `mail-organiser policy` reads."""

from pathlib import Path
from typing import Any, Final

import pytest

from cli.promises import results
from cli.promises.results import Outcome, Result, Tree
from cli.promises.tree import tree

TO_RUN: Final = "to_run"


class Recorder:
    """A plugin of pytest.

    Guarantees: sources that changed during the run count as changed; a test of which only some parameters were asked
    for is recorded where it failed, never as passed. Of tests that run side by side (pytest-xdist), workers tell the
    one process that writes what they were to run; results reach it anyway.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before = tree(root)
        self._outcomes: dict[str, Outcome] = {}

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Left out by a mark or a name."""
        self._outcomes.update(dict.fromkeys((item.nodeid for item in items), Outcome.NOT_RUN))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All that are to run, before one has."""
        for item in session.items:
            self._outcomes.setdefault(item.nodeid, Outcome.NOT_RUN)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up, the test itself, and what follows it: one that failed is final."""
        if report.failed:
            self._outcomes[report.nodeid] = Outcome.FAILED
        elif report.skipped:
            self._outcomes[report.nodeid] = Outcome.SKIPPED
        elif report.when == "call":
            self._outcomes[report.nodeid] = Outcome.PASSED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker ended: what it was to run, and did not."""
        for test in getattr(node, "workeroutput", {}).get(TO_RUN, ()):
            self._outcomes.setdefault(test, Outcome.NOT_RUN)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Also after an interruption."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[TO_RUN] = list(self._outcomes)
        else:
            self._write(session)

    def _write(self, session: pytest.Session) -> None:
        after = tree(self._root)
        if after is None or self._before is None or session.config.option.collectonly:
            return
        state = Tree(self._before.commit, self._before.dirty or after != self._before)
        partial = any("[" in argument for argument in session.config.args)
        now = {test: Result(one, state) for test, one in self._outcomes.items() if not _hidden(one, partial=partial)}
        file = self._root / results.FILE
        results.save(file, results.merged(results.load(file), now))


def _hidden(outcome: Outcome, *, partial: bool) -> bool:
    return partial and outcome is Outcome.PASSED
