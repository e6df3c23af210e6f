"""The rules of alerting: sound, tested both ways, on metrics that exist, each with a runbook."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
SOURCES = ("chassis/src", "gateway/src", "sentinel/src", "classifier/src")
PROMETHEUS_OWN = {"up"}  # a metric that no service of ours tells
CHAPTERS = ("**Meaning.**", "**Who notices.**", "## Look", "## Mend", "## Call somebody")
NEVER_SILENT = {"Watchdog"}


def rules() -> Iterator[dict[str, Any]]:
    for path in sorted((PROMETHEUS / "rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


ALERTS = [rule for rule in rules() if "alert" in rule]


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=PROMETHEUS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: str) -> list[str]:
    return [str(path.relative_to(PROMETHEUS)) for path in sorted((PROMETHEUS / folder).glob("*.yaml"))]


def test_the_rules_are_sound() -> None:
    """As promtool reads them."""
    promtool("check", "rules", *files("rules"))


def test_the_configuration_is_sound() -> None:
    """The one that is given away with them."""
    promtool("check", "config", "--syntax-only", "prometheus.yaml")


def test_what_must_fire_fires_and_what_must_not_is_silent() -> None:
    """Every alert, on series made for it."""
    promtool("test", "rules", *files("tests"))


@pytest.mark.parametrize(("instead", "what"), [("vector(0) > 1", "fires"), ("vector(1)", "stays silent")])
def test_an_alert_that_never_or_always_fires_is_noticed(instead: str, what: str, tmp_path: Path) -> None:
    """Every one of them, both ways: the tests of rules can fail."""
    for folder in ("rules", "tests"):
        (tmp_path / folder).mkdir()
    for name in files("rules"):
        document = yaml.safe_load((PROMETHEUS / name).read_text())
        for rule in (rule for group in document["groups"] for rule in group["rules"] if "alert" in rule):
            rule |= {"expr": instead, "for": "0m"}
        (tmp_path / name).write_text(yaml.safe_dump(document))
    noticed = set()
    for name in files("tests"):
        (tmp_path / name).write_text((PROMETHEUS / name).read_text())
        done = subprocess.run(
            ["promtool", "test", "rules", name], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        noticed |= set(re.findall(r"alertname: (\w+)", done.stdout + done.stderr))
    expected = {rule["alert"] for rule in ALERTS} - (NEVER_SILENT if what == "stays silent" else set())
    assert noticed == expected


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_each_alert_has_both_tests_and_a_runbook(rule: dict[str, Any]) -> None:
    """And says how bad it is."""
    name = rule["alert"]
    assert rule["labels"]["severity"] in {"page", "ticket", "none"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert all(chapter in text for chapter in CHAPTERS)
    tested = [
        test["name"] for file in files("tests") for test in yaml.safe_load((PROMETHEUS / file).read_text())["tests"]
    ]
    assert f"{name} fires" in tested
    assert (f"{name} stays silent" in tested) is (name not in NEVER_SILENT)


def test_no_runbook_is_without_an_alert() -> None:
    """And the list of them is whole, with how bad each is."""
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == {rule["alert"] for rule in ALERTS}
    listed = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|", (RUNBOOKS / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted((r["alert"], r["alert"], r["labels"]["severity"]) for r in ALERTS)


def test_rules_look_at_metrics_that_exist() -> None:
    """Each name in an expression is a metric of a service, or recorded by a rule."""
    known = PROMETHEUS_OWN | {rule["record"] for rule in rules() if "record" in rule} | declared()
    for rule in rules():
        for name in used(rule["expr"]):
            assert name in known, f"{rule.get('alert') or rule['record']} looks at {name}"


def declared() -> set[str]:
    """Names in the sources, as Prometheus has them."""
    text = "\n".join(path.read_text() for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    found = set()
    for kind, name in re.findall(r'\b(Counter|Gauge|Histogram|Durations|CounterMetricFamily)\(\s*"([a-z_]+)"', text):
        suffixes = {"Counter": ("_total",), "Gauge": ("",), "Histogram": ("_bucket", "_count", "_sum")}
        found |= {name + suffix for suffix in suffixes.get("Histogram" if kind == "Durations" else kind, ("_total",))}
    return found


def used(expression: str) -> set[str]:
    """Names of series: what is followed by a selector, a range, or stands as a recorded one does."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    names = set(re.findall(r"\b([a-z][a-z0-9_]+)(?=[{\[])", bare)) | set(re.findall(r"\bslo:\w+:\w+", bare))
    return names | set(re.findall(r"\b([a-z][a-z0-9_]+_(?:total|degraded|seconds))\b(?!\()", bare))
