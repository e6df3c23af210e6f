"""Where browsers report what the content security policy kept from happening."""

import json
import re
import secrets
from typing import Any

import httpx


def report(house: Any, content: bytes, media_type: str = "application/reports+json") -> httpx.Response:
    """Sent as a browser does: without a token."""
    answer: httpx.Response = house.http.post("/csp-reports", content=content, headers={"content-type": media_type})
    return answer


def counted(house: Any) -> dict[str, float]:
    """csp_reports_total by directive."""
    page = house.scraped(house.watch.metrics["gateway"]).decode()
    found = re.findall(r'^csp_reports_total\{directive="([a-z-]+)"\} ([0-9.]+)$', page, re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_a_violation_is_a_number_and_nothing_else(watched: Any) -> None:
    """Reported to where the page says; nothing of the report is in the database, a log or a metric."""
    canary = f"canary{secrets.token_hex(8)}"
    page = watched.http.get("/")
    assert page.headers["reporting-endpoints"] == 'csp="/csp-reports"'
    body = {"effectiveDirective": "script-src-elem", "documentURL": canary, "sample": canary}
    before = counted(watched)
    answer = report(watched, json.dumps([{"type": "csp-violation", "url": canary, "body": body}]).encode())
    assert (answer.status_code, answer.content) == (204, b"")
    odd = {"csp-report": {"effective-directive": canary}}
    assert report(watched, json.dumps(odd).encode(), "application/csp-report").status_code == 204
    after = counted(watched)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "script-src-elem": 1,
        "other": 1,
    }
    folder = watched.place.path("data", "")
    kept = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    assert len(kept) > 1
    assert not [one for one in (*kept, watched.logs().encode(), watched.watch.scraped()) if canary.encode() in one]


def test_what_is_no_report_is_refused_and_not_counted(watched: Any) -> None:
    """Too large, of another type, or nonsense: a problem each time."""
    before = counted(watched)
    assert report(watched, b"[" + b" " * 17_000 + b"]").status_code == 413
    assert report(watched, b"[]", "application/json").status_code == 415
    assert report(watched, b"{").status_code == 400
    assert counted(watched) == before
