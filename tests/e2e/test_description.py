"""The API's description: valid, committed, and true of the running gateway."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "docs" / "reference" / "openapi.json"
OPEN = {"get_status", "list_sub_processors", "refresh_session", "start_sign_in", "finish_sign_in", "exchange_code"}
MISSING = object()
# After these nobody is there who asks, or nothing that is asked about.
ONCE = ("sign_out", "sign_out_everywhere", "erase_everything", "disconnect_mailbox")
ENDING = [part for name in ONCE for part in ("--exclude-operation-id", name)]
FUZZ_SECONDS = "120"  # within the 10 minutes of an access token
CASES = 5000
REFUSALS = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429]
CHECKS = (
    "status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)


@pytest.fixture
def served(watched: Any) -> dict[str, Any]:
    return dict(watched.ask("GET", "/api/v1/openapi.json", 200).json())


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (operation for path in document["paths"].values() for operation in path.values())


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == "$ref")
        yield from (found for value in node.values() for found in references(value))
    elif isinstance(node, list):
        yield from (found for value in node for found in references(value))


def test_what_is_served_is_what_is_committed(served: dict[str, Any]) -> None:
    """A change of the API shows in a diff: run .ci/openapi.py and commit docs/reference/openapi.json."""
    assert served == json.loads(COMMITTED.read_text(encoding="utf-8"))


def test_the_description_is_valid(served: dict[str, Any]) -> None:
    """A tool can read it: each reference leads somewhere, each schema is one, each operation has a name of its own."""
    names = [operation["operationId"] for operation in operations(served)]
    assert len(names) == len(set(names)) == len(list(schemathesis.openapi.from_dict(served).get_all_operations()))
    schemas = served["components"]["schemas"]
    assert {one.rpartition("/")[2] for one in references(served)} <= {*schemas, *served["components"]["examples"]}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_names_its_errors_as_problems(served: dict[str, Any]) -> None:
    """Each by its status, none as "whatever else"; the framework's own, which are never sent, are promised nowhere."""
    for operation in operations(served):
        refusals = {status: one for status, one in operation["responses"].items() if int(status) >= 400}
        assert set(refusals) >= {"400", "429", "500", "503"} | ({"401", "403"} if operation["security"] else set())
        assert {kind for one in refusals.values() for kind in one["content"]} == {"application/problem+json"}
        assert ("408" in refusals) == ("413" in refusals) == ("requestBody" in operation)
    assert "HTTPValidationError" not in served["components"]["schemas"]


def examples(served: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(operation, schema, example) of every body, every parameter and every problem."""
    for operation in operations(served):
        name = operation["operationId"]
        for parameter in operation.get("parameters", ()):
            yield f"{name} {parameter['name']}", parameter["schema"], parameter.get("example", MISSING)
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            for kind, media in body.get("content", {}).items():
                if kind.endswith("json"):
                    shown = [served["components"]["examples"][code]["value"] for code in media.get("examples", ())]
                    yield from ((name, media["schema"], one) for one in shown or [media.get("example", MISSING)])


def test_every_example_is_one(served: dict[str, Any]) -> None:
    """Each body and parameter has an example, and it is what its own schema allows."""
    found = list(examples(served))
    assert len(found) > 200
    assert [name for name, _, example in found if example is MISSING] == []
    for name, schema, example in found:
        whole = {**schema, "components": served["components"]}
        assert [error.message for error in Draft202012Validator(whole).iter_errors(example)] == [], name


def test_every_operation_is_explained(served: dict[str, Any]) -> None:
    """In a sentence, under a noun that has one too."""
    nouns = {tag["name"] for tag in served["tags"] if tag["description"]}
    for operation in operations(served):
        assert operation.get("description"), operation["operationId"]
        assert set(operation["tags"]) <= nouns, operation["operationId"]


def test_every_operation_says_whether_it_needs_a_token(served: dict[str, Any]) -> None:
    """Those that are open are named here too."""
    assert {one["operationId"] for one in operations(served) if not one["security"]} == OPEN


def configured(house: Any, folder: Path) -> None:
    """Ids that exist, so that the fuzzing gets past the doors; and each status by which we refuse what is wrong."""
    own = house.choose_all()
    scan = house.scan()
    decision = house.decisions(scan, kind="move")[0]["id"]
    run = house.ended(f"/moves/{house.approve(scan, decision_ids=[decision])['id']}")
    ids = {"mailbox_id": house.mailbox, "folder_id": next(iter(own.values())), "scan_id": scan["id"]}
    ids |= {"decision_id": decision, "run_id": run["id"], "correction_id": corrected(house, scan)}
    lines = ["[parameters]", *(f'"path.{name}" = "{value}"' for name, value in ids.items())]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {REFUSALS}"]
    (folder / "schemathesis.toml").write_text("\n".join(lines))


def corrected(house: Any, scan: dict[str, Any]) -> str:
    """The id of a correction over a held message of the scan."""
    held = [one["id"] for one in house.decisions(scan, kind="hold")]
    answers = [house.ask("POST", "/corrections", json={"decision_id": one, "remember": "sender"}) for one in held]
    return str(next(answer.json()["id"] for answer in answers if answer.status_code == 201))


def roomy(house: Any, _stack: Any) -> None:
    """Limits that thousands of requests don't meet; of work, which each may begin, some is let through.

    Trying descriptions is work as well, and of as many requests as all of it: at the usual rate no scan is begun.
    """
    settings = house.place.path("settings", "gateway.toml")
    rows = [f"{name} = 1000000\n" for name in ("session", "failures", "address", "person")]
    rows.append("work = 120\n")
    settings.write_text(f"{settings.read_text()}\n[limits]\n{''.join(rows)}")


def cases(report: str) -> int:
    """How many requests schemathesis made, from the last lines of what it says."""
    (found,) = re.findall(r"(\d+) generated", report)
    return int(found)


@pytest.mark.long
def test_the_running_gateway_is_as_described(lasting_house: Any, tmp_path: Path) -> None:
    """Schemathesis asks all that the description allows and much that it doesn't: 5,000 requests, no other answer."""
    house = lasting_house("sample", roomy)
    configured(house, tmp_path)
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{house.house.url}/api/v1/openapi.json"),
        *("--tls-verify", str(house.house.authority), "--header", f"Authorization: Bearer {house.token}"),
        *("--checks", CHECKS, *ENDING, "--max-time", FUZZ_SECONDS),
        *("--phases", "coverage,fuzzing", "--seed", "7", "--generation-database", "none", "--warnings", "off"),
    ]
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(house.house.authority), "NO_PROXY": "*"}
    ran = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert cases(ran.stdout) >= CASES, ran.stdout[-600:]
    assert house.http.get("/readyz").status_code == 200
    assert house.query("SELECT count(*) FROM scan")[0][0] > 1  # it got past the doors
    assert "Traceback" not in house.logs()
    assert "request.failed" not in house.logs()  # what is behind every 500; 503 is an answer that the description names
