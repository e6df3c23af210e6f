"""What we are made of: a bill that is the same each time, and a look at known faults that never passes unanswered."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAULT = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fixed_in": ["2.1"], "withdrawn": None, "summary": "s"}


def script(name: str) -> Any:
    """A program of .ci, as a module."""
    spec = spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit = script("audit")
Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def index() -> Iterator[tuple[str, dict[str, Any]]]:
    """An index on loopback, and what it says of each path; 404 for any other."""
    said: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(said.get(self.path, {})).encode()
            self.send_response(200 if self.path in said else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", said
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(index: tuple[str, dict[str, Any]], tmp_path: Path) -> Ask:
    """Runs the program over a lock of two packages; its exit code and what it says."""
    url, said = index
    said["/pypi/good/1.0/json"] = {"vulnerabilities": []}

    def run(bad: Any = None, accepted: str = "", registry: str = url) -> tuple[int, str]:
        if bad is not None:
            said["/pypi/bad/2.0/json"] = bad
        packages = [("good", "1.0"), ("bad", "2.0")]
        row = '[[package]]\nname = "{}"\nversion = "{}"\nsource = {{ registry = "{}/simple" }}\n'
        (tmp_path / "lock").write_text("".join(row.format(*one, registry) for one in packages))
        (tmp_path / "accepted").write_text(accepted)
        files = ["--lock", tmp_path / "lock", "--accepted", tmp_path / "accepted"]
        done = subprocess.run(
            [sys.executable, ROOT / ".ci/audit.py", *files], capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


def acceptance(days: int) -> str:
    until = datetime.now(UTC).date() + timedelta(days=days)
    return f'[[accepted]]\nid = "CVE-2026-1"\nreason = "not reached"\nuntil = {until}\n'


def test_without_a_known_fault_it_passes(ask: Ask) -> None:
    """Every package was answered for; a withdrawn fault is none."""
    withdrawn = FAULT | {"withdrawn": "2026-02-02T00:00:00Z"}
    code, told = ask({"vulnerabilities": [withdrawn]})
    assert (code, told.startswith("every package was answered for")) == (0, True)


def test_a_known_fault_fails_with_its_name_and_the_version_that_has_none(ask: Ask) -> None:
    """What whoever is to act needs."""
    assert ask({"vulnerabilities": [FAULT]}) == (1, "fault: bad 2.0: CVE-2026-1/PYSEC-2026-1: fixed in 2.1\n")


@pytest.mark.parametrize("bad", [None, {}, [], {"vulnerabilities": [{"id": "X"}]}])
def test_a_package_that_nobody_answers_for_fails(ask: Ask, bad: Any) -> None:
    """Not found, or an answer without a list of faults: nothing is known, so nothing passes."""
    code, told = ask(bad)
    assert (code, "no answer: bad 2.0" in told, "answered for" in told) == (2, True, False)


def test_an_index_that_can_not_be_reached_fails(ask: Ask) -> None:
    """Said in words, for all."""
    code, told = ask(registry="http://127.0.0.1:1")
    assert (code, "no answer for 2 in all" in told) == (2, True)


@pytest.mark.parametrize(("days", "code"), [(1, 0), (89, 0), (-1, 1), (92, 1)])
def test_an_accepted_fault_passes_until_its_day(ask: Ask, days: int, code: int) -> None:
    """And no longer than anything may stay as it is."""
    assert ask({"vulnerabilities": [FAULT]}, acceptance(days))[0] == code


def test_an_acceptance_that_nothing_needs_is_taken_out(ask: Ask) -> None:
    """It would hide the next fault of that name."""
    assert ask({"vulnerabilities": []}, acceptance(1)) == (1, "acceptance that nothing needs: CVE-2026-1\n")


def test_a_lock_without_packages_is_no_answer(tmp_path: Path) -> None:
    """A renamed file must not look like a clean one."""
    (tmp_path / "lock").write_text("package = []\n")
    assert audit.of_python(tmp_path / "lock").unanswered == ["lock names no package of an index"]


VIA = {"source": 1, "url": "https://github.com/advisories/GHSA-a-b-c", "severity": "high", "title": "t"}


@pytest.mark.parametrize(
    ("report", "faults", "unanswered"),
    [
        ({"auditReportVersion": 2, "vulnerabilities": {}}, 0, 0),
        ({"vulnerabilities": {"x": {"name": "x", "via": [VIA]}, "y": {"name": "y", "via": ["x"]}}}, 1, 0),
        ({"message": "405 Method Not Allowed", "method": "POST"}, 0, 1),
        ("", 0, 1),
        ({"vulnerabilities": None}, 0, 1),
    ],
)
def test_npm_s_report_is_read_and_its_failure_is_no_report(report: Any, faults: int, unanswered: int) -> None:
    """A package that is only affected through another one is that other one's fault."""
    found = audit.reported("oidc", report and json.dumps(report))
    assert (len(found.faults), len(found.unanswered)) == (faults, unanswered)
    assert [fault.names for fault in found.faults] == [frozenset({"GHSA-a-b-c"})] * faults


def test_the_longest_time_of_the_policy_is_the_longest_acceptance() -> None:
    """What SECURITY.md allows and what the program allows are one number."""
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("| severity |")[2].partition("\n\n")[0]
    assert max(int(days) for days in re.findall(r"(\d+) days", table)) == audit.LONGEST.days


def test_what_is_accepted_here_has_a_reason() -> None:
    """The file of this repository is read as the program reads it."""
    rows = audit.accepted(ROOT / ".ci/accepted.toml")
    assert [one.id for one in rows if len(one.reason) < 20] == []


def test_a_bill_is_the_same_each_time_and_names_every_hash(tmp_path: Path) -> None:
    """From the lock alone: neither a time nor a random number is in it."""
    written = []
    for folder in ("one", "two"):
        subprocess.run([sys.executable, ROOT / ".ci/sbom.py", tmp_path / folder], check=True, capture_output=True)
        written.append({path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()})
    assert written[0] == written[1]
    assert set(written[0]) == {"sentinel.cdx.json", "classifier.cdx.json", "gateway.cdx.json"}
    for bill in map(json.loads, written[0].values()):
        assert (bill["bomFormat"], bill["specVersion"], "timestamp" in bill["metadata"]) == ("CycloneDX", "1.5", False)
        foreign = [one for one in bill["components"] if not one["name"].startswith("mail-organiser-")]
        assert len(foreign) > 20
        hashes = {one["name"]: [file.get("hashes") for file in one["externalReferences"]] for one in foreign}
        assert [name for name, found in hashes.items() if not found or None in found] == []
