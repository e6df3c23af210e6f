"""Every package that is installed has a hash, and comes from the one place that packages come from."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
SHA512 = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
NPM_LOCKS = [".ci/redocly/package-lock.json", ".ci/web/package-lock.json", "tests/oidc/package-lock.json"]


@pytest.fixture(scope="module")
def locked() -> list[dict[str, Any]]:
    """The packages of uv.lock."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    assert len(found) > 100
    return found


def files(package: dict[str, Any]) -> list[dict[str, Any]]:
    """What may be fetched of it."""
    return [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]


def npm_packages(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and entry of each; the entry without a name is the project itself."""
    lock = json.loads((ROOT / path).read_text(encoding="utf-8"))
    assert lock["lockfileVersion"] == 3, "another version names packages in another place"
    yield from ((name, entry) for name, entry in lock["packages"].items() if name)


def test_every_package_comes_from_one_registry(locked: list[dict[str, Any]]) -> None:
    """All that is not a folder of this workspace: no git repository, no address, no second index that could win."""
    members = {path.parent.name for path in ROOT.glob("*/pyproject.toml")} | {"."}
    ours = [package for package in locked if set(package["source"]) & {"editable", "virtual"}]
    assert {folder for package in ours for folder in package["source"].values()} == members
    registries = {json.dumps(package["source"]) for package in locked if package not in ours}
    assert len(registries) == 1
    assert set(json.loads(registries.pop())) == {"registry"}


def test_every_file_of_every_package_has_a_hash(locked: list[dict[str, Any]]) -> None:
    """SHA-256, and all of them on one host over https."""
    foreign = [package for package in locked if "registry" in package["source"]]
    assert [package["name"] for package in foreign if not files(package)] == []
    everything = [(package["name"], file) for package in foreign for file in files(package)]
    assert [name for name, file in everything if not SHA256.fullmatch(file.get("hash", ""))] == []
    assert len({urlsplit(file["url"])[:2] for _, file in everything}) == 1
    assert {urlsplit(file["url"]).scheme for _, file in everything} == {"https"}


def test_every_lock_of_npm_is_looked_at() -> None:
    """One that is added must be added here."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*package-lock.json"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert sorted(listed.split()) == NPM_LOCKS


@pytest.mark.parametrize("path", NPM_LOCKS)
def test_every_package_of_npm_has_a_hash_and_no_place_of_its_own(path: str) -> None:
    """SHA-512. Without an address each comes from the one registry that npm is set to; a link would be a folder."""
    found = list(npm_packages(path))
    assert found
    assert [name for name, entry in found if not SHA512.fullmatch(entry.get("integrity", ""))] == []
    assert [name for name, entry in found if {"resolved", "link"} & set(entry)] == []
    # A dependency that names a place would be fetched from there whatever the entry says.
    named = [wanted for _, entry in found for wanted in entry.get("dependencies", {}).values()]
    assert [wanted for wanted in named if ":" in wanted or "/" in wanted] == []
