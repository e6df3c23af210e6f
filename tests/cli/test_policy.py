"""`mail-organiser policy`: proven is what passed at this very commit, and nothing else is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.promises import results
from cli.promises.promise import Promise, Proof, promises
from cli.promises.results import Outcome, Result, Tree, merged
from cli.promises.standing import Standing, judge

ROOT = Path(__file__).parents[2]
HERE, DIRTY, ELSEWHERE = Tree("a" * 40, dirty=False), Tree("a" * 40, dirty=True), Tree("b" * 40, dirty=False)
PROMISE = Promise("P1.1", "It holds", (Proof("tests/test_a.py", "test_one"), Proof("tests/test_b.py", "test_two")))
ONE, TWO = "tests/test_a.py::test_one", "tests/test_b.py::test_two"
GOOD = {ONE: Result(Outcome.PASSED, HERE), TWO: Result(Outcome.PASSED, HERE)}


def test_a_promise_is_proven_when_all_its_tests_passed_here() -> None:
    """Each of them, at this commit."""
    assert judge(PROMISE, GOOD, HERE) == (PROMISE, Standing.PROVEN, "passed; passed")


@pytest.mark.parametrize(
    ("other", "standing", "last"),
    [
        ({TWO: Result(Outcome.PASSED, ELSEWHERE)}, Standing.NOT_PROVEN, "passed; passed, at bbbbbbbbbb"),
        ({TWO: Result(Outcome.PASSED, DIRTY)}, Standing.NOT_PROVEN, "passed; passed, at aaaaaaaaaa with changes"),
        ({TWO: Result(Outcome.SKIPPED, HERE)}, Standing.NOT_PROVEN, "passed; skipped"),
        ({TWO: Result(Outcome.NOT_RUN, HERE)}, Standing.NOT_PROVEN, "passed; not run"),
        ({TWO: Result(Outcome.FAILED, HERE)}, Standing.BROKEN, "passed; failed"),
        ({f"{TWO}[b]": Result(Outcome.FAILED, HERE)}, Standing.BROKEN, "passed; failed"),
        ({f"{TWO}[b::c]": Result(Outcome.NOT_RUN, HERE)}, Standing.NOT_PROVEN, "passed; not run"),
        ({TWO: Result(Outcome.FAILED, ELSEWHERE)}, Standing.NOT_PROVEN, "passed; failed, at bbbbbbbbbb"),
    ],
)
def test_anything_less_is_not_proven(other: dict[str, Result], standing: Standing, last: str) -> None:
    """One result that is of another commit, of changed sources, absent, skipped or failed is enough."""
    assert judge(PROMISE, GOOD | other, HERE)[1:] == (standing, last)


def test_a_test_without_a_result_is_not_proven() -> None:
    """Nor is one whose name only begins alike, or that lies in another file."""
    others = {f"{TWO}_more": GOOD[TWO], "tests/other.py::test_two": GOOD[TWO]}
    assert judge(PROMISE, {ONE: GOOD[ONE]} | others, HERE)[1:] == (Standing.NOT_PROVEN, "passed; no result")


def test_changed_sources_prove_nothing() -> None:
    """Not even by results of the same changes: what changed since, nobody knows."""
    changed = {test: Result(Outcome.PASSED, DIRTY) for test in (ONE, TWO)}
    assert judge(PROMISE, changed, DIRTY).standing is Standing.NOT_PROVEN
    assert judge(PROMISE._replace(proofs=()), GOOD, HERE).standing is Standing.NOT_PROVEN


def test_a_run_that_left_a_test_out_takes_nothing_away() -> None:
    """At the same commit; at another one what was known is over."""
    left_out = {ONE: Result(Outcome.NOT_RUN, HERE), TWO: Result(Outcome.NOT_RUN, ELSEWHERE)}
    assert merged(GOOD, left_out) == {ONE: GOOD[ONE], TWO: left_out[TWO]}
    assert merged(GOOD, {ONE: Result(Outcome.FAILED, HERE)})[ONE].outcome is Outcome.FAILED


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": ["passed"]}', '{"a": ["good", "b", false]}', '{"a": 1}'])
def test_a_file_that_is_none_holds_no_result(tmp_path: Path, text: str) -> None:
    """Whatever was put in its place, nothing is proven by it."""
    file = tmp_path / "results"
    file.write_text(text)
    assert results.load(file) == {}


def test_every_promise_of_the_page_is_read() -> None:
    """As many as there are numbers, each with a test."""
    page = (ROOT / "docs" / "policy.md").read_text()
    found = promises(page)
    assert len(found) == page.count("\n| P") > 200
    assert all(promise.proofs for promise in found)


class Sources:
    """A clone with one promise, and its test runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("docs/policy.md", "| P1.1 | It holds | [`test_it`](../tests/test_it.py) |\n")
        self.write(".gitignore", ".proofs.json*\n__pycache__\n.pytest_cache\n")
        self.write("conftest.py", CONFTEST)
        self.git("init", "-q")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def git(self, *arguments: str) -> None:
        named = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        subprocess.run(["git", "-C", str(self.root), *named, *arguments], check=True, capture_output=True)

    def commit(self, test: str) -> None:
        self.write("tests/test_it.py", test)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A change")

    def run(self, *arguments: str) -> None:
        path = str(ROOT / "tests" / "proofs")
        command = [sys.executable, "-m", "pytest", "-q", "-o", f"pythonpath={path}", *arguments]
        quick = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins take seconds to start
        subprocess.run(command, cwd=self.root, env=quick, check=False, capture_output=True, timeout=120)

    def asked(self) -> tuple[int, dict[str, Any]]:
        answer = CliRunner().invoke(main, ["policy", "--sources", str(self.root), "--format", "json"])
        (promise,) = json.loads(answer.stdout)["promises"]
        return answer.exit_code, promise


CONFTEST = """from pathlib import Path
from recorder import Recorder

def pytest_configure(config):
    config.pluginmanager.register(Recorder(Path(__file__).parent))
"""
SIDE_BY_SIDE = ("-p", "xdist.plugin", "-n", "2")
BOTH = "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n): assert n < {}\n"


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)


def standing(answer: tuple[int, dict[str, Any]]) -> tuple[int, str, str]:
    return answer[0], answer[1]["standing"], answer[1]["last_result"]


def test_real_runs_are_recorded(sources: Sources) -> None:
    """Before any run, after one, after a change, at the next commit, and when it fails there."""
    sources.commit(BOTH.format(3))
    assert standing(sources.asked()) == (1, "not proven here", "no result")
    sources.run()
    assert standing(sources.asked()) == (0, "proven", "passed")
    sources.write("more.py", "")
    assert sources.asked()[0] == 1
    sources.run()
    assert standing(sources.asked())[1] == "not proven here"
    sources.commit(BOTH.format(2))
    assert standing(sources.asked())[:2] == (1, "not proven here")
    sources.run()
    assert standing(sources.asked()) == (1, "broken", "failed")


LEAVING_OUT: dict[str, Callable[[Sources], None]] = {
    "one of its parameters": lambda sources: sources.run("tests/test_it.py::test_it[1]"),
    "by name": lambda sources: sources.run("-k", "test_it and 1"),
    "by name, side by side": lambda sources: sources.run(*SIDE_BY_SIDE, "-k", "test_it and 1"),
    "collected alone": lambda sources: sources.run("--collect-only"),
}


def test_sources_that_change_during_a_run_are_changed_ones(sources: Sources) -> None:
    """And taken back afterwards: what the tests saw, nobody knows."""
    sources.commit('def test_it(): open("more.py", "w").close()\n')
    sources.run()
    (sources.root / "more.py").unlink()
    commit = subprocess.check_output(["git", "-C", str(sources.root), "rev-parse", "HEAD"], text=True)
    assert standing(sources.asked()) == (1, "not proven here", f"passed, at {commit[:10]} with changes")


def test_runs_side_by_side_are_recorded(sources: Sources) -> None:
    """By one of the processes, for all."""
    sources.commit(BOTH.format(3))
    sources.run(*SIDE_BY_SIDE)
    assert standing(sources.asked()) == (0, "proven", "passed")
    sources.commit(BOTH.format(2))
    sources.run(*SIDE_BY_SIDE)
    assert standing(sources.asked()) == (1, "broken", "failed")


@pytest.mark.parametrize("how", list(LEAVING_OUT))
def test_a_part_of_a_test_proves_nothing(sources: Sources, how: str) -> None:
    """And the whole of it does, after which the part takes nothing away."""
    sources.commit(BOTH.format(3))
    LEAVING_OUT[how](sources)
    assert sources.asked()[0] == 1
    sources.run()
    LEAVING_OUT[how](sources)
    assert sources.asked()[0] == 0


def test_where_there_are_no_sources_it_is_said(tmp_path: Path) -> None:
    """With what to do about it, and exit code 1."""
    answer = CliRunner().invoke(main, ["policy", "--sources", str(tmp_path)])
    assert answer.exit_code == 2
    assert "no sources" in answer.stderr
