"""What monitoring promises: each alert on an attack looks at metrics that a running installation really has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
# What docs/policy.md promises that somebody is told of.
PROMISED = {
    *("SignInsRefused", "SignInForged", "TokensRefused", "RefreshTokenReused", "AccessDeniedBurst", "LimitsExceeded"),
    *("QuarantineSpike", "QuarantineSilent", "AttackCampaign", "ExportsUnusual", "ErasuresUnusual", "MassMoves"),
    *("AuditNotWritten", "DecryptFailed", "CertificateEndsSoon", "ServiceDown", "OperatorActed"),
}
PART = re.compile(r"_(bucket|sum|count)$")
LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without|on|ignoring) *\([^)]*\)")
METRIC = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b(?! *\()")


def rules() -> list[dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yaml"))]
    return [rule for document in documents for group in document["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


def test_what_is_promised_has_an_alert_with_a_runbook() -> None:
    """Each with the file that says what to do."""
    assert sorted(PROMISED - set(ALERTS)) == []
    assert [name for name in PROMISED if not (ROOT / "docs" / "runbooks" / f"{name}.md").exists()] == []


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_an_alert_looks_at_what_the_running_services_tell(installation: Any, name: str) -> None:
    """Every metric of its expression is on a page that Prometheus scrapes from a running house."""
    told = set(re.findall(r"^# TYPE (\S+)", installation.metrics(), re.MULTILINE))
    looked_at = set(METRIC.findall(LABELS.sub("", ALERTS[name]["expr"])))
    assert {one for one in looked_at if not {one, PART.sub("", one)} & told} == set()
    assert looked_at or re.search(r"\bup\b", ALERTS[name]["expr"])  # Prometheus's own metric
