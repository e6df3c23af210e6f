"""Compares what is locked with published faults.

Python packages are asked about at the index that the lock names (its JSON API), npm's at npm's own. Exit codes:

    0  every package was answered for, and none has a fault that is not accepted
    1  a fault, an acceptance that is over, or one that nothing needs any more
    2  somebody did not answer: nothing is known, and so nothing is fine

Faults that were looked at and don't reach us stand in accepted.toml, with a reason and a last day.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

ROOT: Final = Path(__file__).resolve().parents[1]
LONGEST: Final = timedelta(days=90)  # SECURITY.md: the longest that anything may stay as it is
AT_ONCE: Final = 8
TIMEOUT_S: Final = 20.0
MOST: Final = 5  # of those that were not answered are named


class Fault(NamedTuple):
    """A published fault of a package that is locked. names: its id and the others that it is known under."""

    package: str
    names: frozenset[str]
    told: str


class Answers(NamedTuple):
    """What was found, and for what nobody answered."""

    faults: Sequence[Fault]
    unanswered: Sequence[str]


class Accepted(NamedTuple):
    """A fault that was looked at. until: the last day on which that counts."""

    id: str
    reason: str
    until: date


def main() -> None:
    """Asks, judges, says."""
    wanted = _parser().parse_args()
    answers = [of_python(wanted.lock), *(of_npm(folder) for folder in wanted.npm)]
    code, lines = judged(_together(answers), accepted(wanted.accepted), datetime.now(UTC).date())
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(code)


def _together(answers: Iterable[Answers]) -> Answers:
    faults, unanswered = zip(*answers, strict=True)
    return Answers([*chain.from_iterable(faults)], [*chain.from_iterable(unanswered)])


def judged(answers: Answers, accepted: Sequence[Accepted], today: date) -> tuple[int, list[str]]:
    """The exit code and what to say. Pure."""
    good = {one.id for one in accepted if today <= one.until <= today + LONGEST}
    open_ = [fault for fault in answers.faults if not fault.names & good]
    lines = [f"fault: {fault.package}: {'/'.join(sorted(fault.names))}: {fault.told}" for fault in open_]
    lines += [
        f"acceptance over, or longer than {LONGEST.days} days: {one.id}" for one in accepted if one.id not in good
    ]
    if not answers.unanswered:
        found = {name for fault in answers.faults for name in fault.names}
        lines += [f"acceptance that nothing needs: {one.id}" for one in accepted if one.id not in found]
    unknown = [f"no answer: {one}" for one in answers.unanswered[:MOST]]
    unknown += [f"no answer for {len(answers.unanswered)} in all: nothing is known of them"] if unknown else []
    if lines or unknown:
        return 1 if lines else 2, [*lines, *unknown]
    return 0, ["every package was answered for; none has a known fault that is not accepted"]


def of_python(lock: Path) -> Answers:
    """Every package of the lock that comes from an index."""
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    asked = [
        (one["name"], one["version"], one["source"]["registry"]) for one in packages if "registry" in one["source"]
    ]
    if not asked:
        return Answers([], [f"{lock.name} names no package of an index"])
    with httpx.Client(timeout=TIMEOUT_S) as client, ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda one: _published(client, *one), asked))
    return _together(answers)


def _published(client: httpx.Client, name: str, version: str, registry: str) -> Answers:
    package, base = f"{name} {version}", registry.rstrip("/").removesuffix("/simple")
    try:
        document = client.get(f"{base}/pypi/{name}/{version}/json").raise_for_status().json()
        return Answers(faults_of(package, document["vulnerabilities"]), [])
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        return Answers([], [f"{package} ({type(error).__name__})"])


def faults_of(package: str, published: Iterable[Any]) -> list[Fault]:
    """What the index says of one version; what was withdrawn is none."""
    return [
        Fault(
            package, frozenset({one["id"], *one["aliases"]}), f"fixed in {', '.join(one['fixed_in']) or 'no version'}"
        )
        for one in published
        if not one.get("withdrawn")
    ]


def of_npm(folder: Path) -> Answers:
    """What npm says of a folder's package-lock.json."""
    command = ["npm", "audit", "--json", "--package-lock-only", "--prefix", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # a fixed command
    return reported(folder.name, done.stdout)


def reported(folder: str, report: str) -> Answers:
    """A report of npm. What is none, as when its server does not take the question, is no answer."""
    try:
        found = json.loads(report)["vulnerabilities"].values()
    except (ValueError, LookupError, AttributeError, TypeError):
        return Answers([], [f"npm audit of {folder}"])
    roots = [(one["name"], via) for one in found for via in one["via"] if isinstance(via, dict)]
    return Answers([Fault(f"npm {name}", frozenset({_advisory(via)}), via["severity"]) for name, via in roots], [])


def _advisory(via: dict[str, Any]) -> str:
    return str(via["url"]).rpartition("/")[2]


def accepted(file: Path) -> list[Accepted]:
    """What stands in the file; it may be empty."""
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("accepted", [])
    return [Accepted(one["id"], one["reason"], one["until"]) for one in rows]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="What is locked, against published faults.")
    parser.add_argument("--lock", type=Path, default=ROOT / "uv.lock")
    parser.add_argument("--npm", type=Path, action="append", default=[])
    parser.add_argument("--accepted", type=Path, default=ROOT / ".ci" / "accepted.toml")
    return parser


if __name__ == "__main__":
    main()
