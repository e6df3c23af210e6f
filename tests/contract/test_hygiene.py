"""What no file of this repository may hold. Each rule is a sentence; a file that breaks it is named with its line.

The rules look at every file that git tracks or would take up. This file alone is exempt: it names what it forbids.
"""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 1_000_000  # of one file; uv.lock is the largest
WEIGHTS = {  # bytes at most
    "sentinel/src/sentinel/learned/weights.bin": 5_000_000,  # made by a command, with a card
    "uv.lock": 2_000_000,  # a line for each file of each package, with its hash
}
PHRASES = "sentinel/src/sentinel/training/phrases/"  # what strangers write in mail, "TODO" among it
GENERATED = re.compile(r"proto/src/mail_organiser/\w+/v1/")
LOCK = "uv.lock"

MACHINE_PATHS = re.compile(r"(?<![\w.~$)}/-])/(?:work|root|home|tmp|opt|mnt|Users)/\w")
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmmirror|(?:extra-)?index-url\b", re.IGNORECASE)
PROCESS = re.compile(r"\bsub-?agents?\b|\bworktrees?\b|co-authored-by|\blead engineer\b|\bthe brief\b", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|raise NotImplementedError)\b")
DIRECTIVES = re.compile(r"#\s*(?:noqa: [A-Z0-9]+(?:, ?[A-Z0-9]+)*|type: ignore\[[a-z, -]+\]|isort: skip)")
SILENCED = re.compile(r"#\s*(?:noqa|type: ignore)\b")
VAGUE = re.compile(r"(?:^|/)(?:utils?|helpers?|common|managers?|misc)(?:\.py|/)")

PICKLES = frozenset({"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"})
PLAIN_CHANNELS = frozenset({"insecure_channel", "add_insecure_port", "insecure_server_credentials"})
UNVERIFIED = frozenset({"CERT_NONE", "_create_unverified_context"})
DODGED = frozenset({"skip", "skipif", "xfail", "importorskip"})

# Where one of the names above must stand, and why.
ALLOWED = {
    ("chassis/src/chassis/tls.py", "CERT_NONE"): "offers TLS 1.2 to our own listener, which must hang up on it",
    ("chassis/src/chassis/server_tls.py", "CERT_NONE"): "offers a group to our own server, in memory; nothing is sent",
    ("tests/gateway/work/test_work.py", "pickle"): "writes the row that an attacker would write; nobody reads it",
    ("tests/chassis/test_telemetry.py", "add_insecure_port"): "a stranger's collector on loopback",
    ("tests/conftest.py", "add_insecure_port"): "the same",
    ("tests/bench/gateway/house.py", "add_insecure_port"): "the same",
}


def tracked() -> list[str]:
    """Paths of all files, relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file())
    assert len(paths) > 100, "git listed next to nothing: these rules would hold for anything"
    return [path for path in paths if ROOT / path != Path(__file__)]


@cache
def lines(path: str) -> tuple[str, ...]:
    """The lines of a text file; none of a binary one."""
    try:
        return tuple((ROOT / path).read_text(encoding="utf-8").splitlines())
    except UnicodeDecodeError:
        return ()


def found(pattern: re.Pattern[str], paths: Iterable[str]) -> list[str]:
    """path:line of each match."""
    return [
        f"{path}:{number}" for path in paths for number, line in enumerate(lines(path), start=1) if pattern.search(line)
    ]


def python_files() -> list[str]:
    """Ours, without what protoc wrote."""
    return [path for path in tracked() if path.endswith(".py") and not GENERATED.match(path)]


@cache
def tree(path: str) -> ast.Module:
    """A parsed file."""
    return ast.parse("\n".join(lines(path)))


def names(path: str) -> Iterator[str]:
    """Every name that a file imports or uses, in parts: numpy.random gives numpy and random."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")


def users(of: frozenset[str]) -> set[tuple[str, str]]:
    """(path, name) of each use."""
    return {(path, name) for path in python_files() for name in names(path) if name in of}


def keywords(name: str, value: object) -> list[str]:
    """path:line of each call that passes this value under this name."""
    return [
        f"{path}:{node.value.lineno}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.keyword) and node.arg == name
        if isinstance(node.value, ast.Constant) and node.value.value is value
    ]


def test_no_file_names_a_machine() -> None:
    """The project runs anywhere: a path of somebody's machine is a mistake, in code and in prose."""
    assert found(MACHINE_PATHS, tracked()) == []


def test_only_the_lock_names_a_registry() -> None:
    """Where packages come from is the business of whoever installs; uv.lock pins what they must be."""
    assert found(REGISTRIES, [path for path in tracked() if path != LOCK]) == []


def test_the_tree_speaks_of_mail_and_not_of_how_it_was_written() -> None:
    """Words of a process that no reader was part of."""
    assert found(PROCESS, [path for path in tracked() if path != LOCK and not path.startswith(PHRASES)]) == []


def test_no_file_is_over_a_megabyte() -> None:
    """Dumps and recordings don't belong into a source tree; weights only where a row above says so."""
    sizes = {path: (ROOT / path).stat().st_size for path in tracked()}
    assert [path for path, size in sizes.items() if size > WEIGHTS.get(path, MAX_BYTES)] == []


def test_nothing_is_left_for_later() -> None:
    """What isn't there isn't promised, and what is there is whole."""
    ours = [path for path in tracked() if path != LOCK and not path.startswith(PHRASES)]
    assert found(UNFINISHED, [path for path in ours if not GENERATED.match(path)]) == []


def test_no_file_name_is_vague() -> None:
    """A file called utils holds two nouns that have not met yet."""
    assert [path for path in tracked() if VAGUE.search(path)] == []


def test_nothing_is_unpickled() -> None:
    """A pickle that somebody else wrote is their code in our process."""
    assert users(PICKLES) == {use for use in ALLOWED if use[1] in PICKLES}
    assert keywords("allow_pickle", value=True) == []


def test_certificates_are_always_verified() -> None:
    """Neither a client nor a test gets used to trusting anyone."""
    assert keywords("verify", value=False) == []
    assert users(UNVERIFIED) == {use for use in ALLOWED if use[1] in UNVERIFIED}


def test_there_is_no_plain_channel() -> None:
    """Our gRPC is mTLS or nothing; there is no line that a setting could reach to make it otherwise."""
    assert users(PLAIN_CHANNELS) == {use for use in ALLOWED if use[1] in PLAIN_CHANNELS}


def test_who_silences_a_check_says_why() -> None:
    """`noqa` and `type: ignore` name their rule, and a reason stands beside them."""
    silenced = [spot for spot in found(SILENCED, python_files()) if not _has_reason(spot)]
    assert silenced == []


def _has_reason(spot: str) -> bool:
    path, _, number = spot.rpartition(":")
    line = lines(path)[int(number) - 1]
    rest = DIRECTIVES.sub("", line[SILENCED.search(line).start() :])  # type: ignore[union-attr]  # it matched before
    return re.search(r"#\s*\S.*\w", rest) is not None and SILENCED.search(rest) is None


def test_ignored_rules_have_reasons() -> None:
    """Each rule that pyproject.toml switches off has a comment beside it."""
    switched_off = re.compile(r'^\s+"[A-Z]+[0-9]*",')
    bare = [spot for spot in found(switched_off, ["pyproject.toml"]) if "#" not in _line(spot)]
    assert bare == []


def _line(spot: str) -> str:
    path, _, number = spot.rpartition(":")
    return lines(path)[int(number) - 1]


def test_no_test_is_dodged() -> None:
    """No test is skipped or expected to fail, and nothing is replaced by a mock that agrees with everything."""
    tests = [path for path in python_files() if path.startswith("tests/")]
    dodges = {(path, name) for path in tests for name in _marks(path) if name in DODGED}
    mocks = {path for path in tests for name in names(path) if name in {"mock", "MagicMock", "pytest_mock"}}
    assert (dodges, mocks) == (set(), set())


def _marks(path: str) -> Iterator[str]:
    """Attributes of pytest and pytest.mark."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"pytest", "pytest.mark"}:
            yield node.attr


def test_every_test_says_what_must_be_true() -> None:
    """A test's docstring is the guarantee in words."""
    mute = [
        f"{path}:{node.lineno}"
        for path in python_files()
        if path.startswith("tests/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if ast.get_docstring(node) is None
    ]
    assert mute == []


@pytest.mark.parametrize("use", sorted(ALLOWED))
def test_an_exception_is_still_needed(use: tuple[str, str]) -> None:
    """An allowance that nothing uses any more is a hole."""
    assert use in users(frozenset({use[1]}))
    assert ALLOWED[use]


@pytest.mark.parametrize(
    ("pattern", "caught", "passed"),
    [
        (MACHINE_PATHS, "cd /work/main", "gateway/work/main"),
        (MACHINE_PATHS, "in /tmp/x", "https://desk.example/tmp/x"),
        (REGISTRIES, "https://pypi.org/simple", "a registry of metrics"),
        (PROCESS, "as the subagent found", "a session of 8 hours"),
        (UNFINISHED, "# TODO: later", "todo.example"),
        (SILENCED, "x = 1  # noqa", "x = 1  # noqable"),
        (VAGUE, "gateway/utils.py", "gateway/store/codes.py"),
    ],
)
def test_the_patterns_catch_what_they_are_for(pattern: re.Pattern[str], caught: str, passed: str) -> None:
    """A rule that catches nothing would hold for anything."""
    assert pattern.search(caught)
    assert not pattern.search(passed)
