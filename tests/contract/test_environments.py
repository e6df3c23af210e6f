"""A service's install holds what that service needs and no more: what isn't there can't be called.

Each environment is made as a deployment makes it: from uv.lock, without development tools, sources built into wheels.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = ("proto", "chassis", "sentinel", "classifier", "gateway", "sandbox", "cli")

# Distributions and, where it differs, what they are imported as.
TOKENS_AND_DATABASE = {"msal": "msal", "sqlalchemy": "sqlalchemy", "dbos": "dbos", "alembic": "alembic", "psycopg": ""}
HTTP = {"httpx": "httpx", "requests": "requests", "urllib3": "urllib3", "fastapi": "fastapi", "uvicorn": "uvicorn"}
HOSTILE_TEXT = {"google-re2": "re2", "ahocorasick_rs": "ahocorasick_rs"}
PROFILES = {"siphash24": "siphash24"}
NUMBERS = {"numpy": "numpy"}
PROVIDER = {"openai": "openai", "httpx2": "httpx2"}  # the way out to an AI provider: classifier's alone
TEST_AND_DEMO = {"mail-organiser-sandbox": "sandbox", "mail-organiser-cli": "cli", "pytest": "pytest", "rich": "rich"}

PROBE = """
import importlib, importlib.metadata, importlib.util, json, sys
absent = json.loads(sys.argv[1])
importlib.import_module(sys.argv[2])
print(json.dumps({
    "distributions": {one.metadata["Name"].lower(): one.version for one in importlib.metadata.distributions()},
    "importable": [name for name in absent if importlib.util.find_spec(name) is not None],
    "origin": sys.modules[sys.argv[2]].__file__,
}))
"""


@dataclass(frozen=True)
class Service:
    """A service, and what its environment must not hold: distribution to module."""

    name: str
    forbidden: dict[str, str]


def _others(name: str) -> dict[str, str]:
    return {f"mail-organiser-{other}": other for other in ("sentinel", "classifier", "gateway") if other != name}


SERVICES = [
    Service("sentinel", _others("sentinel") | TOKENS_AND_DATABASE | HTTP | PROVIDER | PROFILES | TEST_AND_DEMO),
    Service("classifier", _others("classifier") | TOKENS_AND_DATABASE | HTTP | HOSTILE_TEXT | TEST_AND_DEMO),
    Service("gateway", _others("gateway") | HOSTILE_TEXT | PROFILES | NUMBERS | PROVIDER | TEST_AND_DEMO),
]


def install(service: str, environment: Path) -> Path:
    """Makes the service's own environment; its Python."""
    command = [ROOT / ".tools" / "bin" / "uv", "sync", "--package", f"mail-organiser-{service}", "--no-dev", "--locked"]
    fresh = [option for member in MEMBERS for option in ("--refresh-package", f"mail-organiser-{member}")]
    variables = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)}
    subprocess.run([*command, "--no-editable", "--quiet", *fresh], cwd=ROOT, env=variables, check=True)
    return environment / "bin" / "python"


def probe(python: Path, service: Service, cwd: Path) -> dict[str, Any]:
    """What the environment's Python says of itself after it imported the service's main."""
    modules = [module for module in service.forbidden.values() if module]
    command = [python, "-I", "-c", PROBE, json.dumps(modules), f"{service.name}.main"]
    answer = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_has_its_own_dependencies_and_no_other_s(service: Service, tmp_path: Path) -> None:
    """A sentinel can't reach a network or a database, classifier no token; gateway no pattern and no AI provider."""
    environment = tmp_path / "environment"
    found = probe(install(service.name, environment), service, tmp_path)
    assert set(found["distributions"]) & set(service.forbidden) == set()
    assert found["importable"] == []
    assert found["origin"].startswith(str(environment)), "main must come out of the built wheel"
    assert f"mail-organiser-{service.name}" in found["distributions"]
    assert missing(service.name, Path(found["origin"]).parent) == []
    assert billed(service.name, tmp_path) == {_plain(name): version for name, version in found["distributions"].items()}


def billed(service: str, folder: Path) -> dict[str, str]:
    """What the bill of materials of a service names, itself included: name to version."""
    subprocess.run([ROOT / ".venv/bin/python", ROOT / ".ci/sbom.py", folder], check=True, capture_output=True)
    bill = json.loads((folder / f"{service}.cdx.json").read_text())
    components = [*bill["components"], bill["metadata"]["component"]]
    return {_plain(one["name"]): one["version"] for one in components}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def missing(member: str, installed: Path) -> list[Path]:
    """Files of a member's sources, rules and pages included, that its installed package does not hold as they are."""
    source = ROOT / member / "src" / member
    files = [path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    kept = ((path, installed / path.relative_to(source)) for path in files)
    return [path for path, copy in kept if not copy.is_file() or copy.read_bytes() != path.read_bytes()]


def test_this_probe_finds_what_is_there(tmp_path: Path) -> None:
    """The workspace's own environment holds all of it: so a probe that finds nothing has looked."""
    everything = TOKENS_AND_DATABASE | HTTP | HOSTILE_TEXT | PROFILES | NUMBERS | PROVIDER | TEST_AND_DEMO
    found = probe(ROOT / ".venv" / "bin" / "python", Service("sentinel", everything), tmp_path)
    assert set(everything) <= set(found["distributions"])
    assert set(found["importable"]) == {module for module in everything.values() if module}
