"""The walls of the architecture (.importlinter) stand in the tree, and each of them falls red when it is climbed."""

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"
MEMBERS = ("proto", "chassis", "sentinel", "classifier", "gateway", "sandbox", "cli")

# contract, where somebody climbs it, and the import that does so
CLIMBED = [
    ("services", "sentinel/src/sentinel/verdict.py", "import classifier.choice"),
    ("sandbox", "sandbox/src/sandbox/store.py", "import chassis.errors"),
    ("production", "gateway/src/gateway/health.py", "import sandbox.store"),
    ("chassis", "chassis/src/chassis/callers.py", "import sqlalchemy"),
    ("http", "gateway/src/gateway/graph/reader.py", "import httpx"),
    ("mover", "gateway/src/gateway/api/moves.py", "import gateway.graph.mover"),
    ("maker", "gateway/src/gateway/api/folders.py", "import gateway.graph.folder_maker"),
    ("keys", "gateway/src/gateway/organise/profile.py", "import gateway.store.person_keys"),
    ("work", "gateway/src/gateway/organise/requests.py", "import dbos"),
    ("protobuf", "gateway/src/gateway/organise/decision.py", "import mail_organiser.sentinel.v1.sentinel_pb2"),
    ("stubs", "sentinel/src/sentinel/verdict.py", "import mail_organiser.sentinel.v1.sentinel_pb2"),
    ("provider", "classifier/src/classifier/provider/desk.py", "import openai"),
]


def contracts() -> dict[str, str]:
    """Name of each contract by its id."""
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {section.removeprefix(prefix): parser[section]["name"] for section in parser if section.startswith(prefix)}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the sources below a folder."""
    sources = os.pathsep.join(str(tree / member / "src") for member in MEMBERS)
    command = [LINTER, "--config", str(ROOT / ".importlinter"), "--no-logo", "--no-cache"]
    variables = {**os.environ, "PYTHONPATH": sources, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=tree, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources once more, to be spoilt one line at a time."""
    tree = tmp_path_factory.mktemp("tree")
    for member in MEMBERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / member / "src", tree / member / "src", ignore=ignored)
    return tree


def test_the_walls_stand() -> None:
    """All contracts are kept by the tree as it is."""
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout
    assert [name for name in contracts().values() if f"{name} KEPT" not in answer.stdout] == []


def test_each_wall_is_tried() -> None:
    """A contract that is added to .importlinter is added here, too."""
    assert {contract for contract, _, _ in CLIMBED} == set(contracts())


@pytest.mark.parametrize(("contract", "file", "line"), CLIMBED, ids=[contract for contract, _, _ in CLIMBED])
def test_a_wall_that_is_climbed_turns_red(contract: str, file: str, line: str, copy: Path) -> None:
    """One import in one file, and its contract is broken."""
    before = (copy / file).read_bytes()
    try:
        (copy / file).write_bytes(before + f"\n{line}\n".encode())
        answer = lint(copy)
    finally:
        (copy / file).write_bytes(before)
    assert answer.returncode != 0
    assert f"{contracts()[contract]} BROKEN" in answer.stdout
