"""The page has words for every code that the server may send, and none for one that it may not."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.audit.event import Kind
from gateway.clients.classifier import _REASONS, _STATES
from gateway.edge.limits import FAILURES, TABLE
from gateway.organise.plan import Plan
from gateway.organise.rules.protection import StayReason
from gateway.organise.verdict import UNKNOWN, UNREADABLE
from gateway.starter.starter import Language
from gateway.store.codes import Access, CorrectionKind, DecisionKind, MatcherKind, Need, Progress, Scope
from mail_organiser.sentinel.v1 import sentinel_pb2

Run = Callable[..., Any]

IMPORTS = "import * as words from './app/words.js';"
DECIDED = {
    "suspicious",
    "corrected_by_owner",
    "no_folder_fits",
    "not_sure",
    "owner",
}  # gateway.organise.decision, and whom


def of_wire(names: Iterable[str], prefix: str) -> set[str]:
    """What gateway.clients makes of an enum's names."""
    return {name.removeprefix(prefix).lower() for name in names} - {"unspecified"}


VOCABULARIES = {
    "EVENTS": {kind for kind in Kind if not kind.startswith("incident.")},  # operators' own, in no owner's activity
    "NEEDS": set(Need),
    "STATES": set(Progress),
    "LIMITS": {rule.name for rules in TABLE.values() for rule in rules} | {FAILURES.name},
    "MATCHERS": set(MatcherKind),
    "CORRECTIONS": set(CorrectionKind),
    "SCOPES": set(Scope),
    "ACCESS": set(Access),
    "BOUNDS": set(Plan.__struct_fields__),
    "LANGUAGES": set(Language),
    "KINDS": set(DecisionKind),
    "PROVIDERS": {*_STATES.values(), "unknown"},
    "TECHNIQUES": of_wire(sentinel_pb2.Technique.keys(), "TECHNIQUE_") | {UNKNOWN, UNREADABLE},
    "FIELDS": of_wire(sentinel_pb2.Field.keys(), "FIELD_") | {"message", "unknown"},
    "REASONS": {*_REASONS.values(), *StayReason, *DECIDED, *(f"rule_{kind}" for kind in MatcherKind)},
}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_table_is_its_vocabulary(run: Run, name: str) -> None:
    """Each code once, with something to read; a new one of the server's fails here until it has words."""
    table = run(IMPORTS, f"return words.{name};")
    assert set(table) == VOCABULARIES[name]
    assert all(table.values())


def test_every_part_of_the_status_has_a_name(run: Run) -> None:
    """The parts are named where the gateway is put together (gateway.main)."""
    assert set(run(IMPORTS, "return words.PARTS;")) == {"database", "sentinel", "classifier"}


def test_a_code_without_a_table_is_still_read(run: Run) -> None:
    """Those of the audit log's reasons that no table has."""
    assert run(IMPORTS, "return given.map(words.plain);", ["expired", "cancelled", "new_code", "work"]) == [
        "not used for too long",
        "stopped",
        "new code",
        "previews and runs",
    ]


def test_numbers_are_read(run: Run) -> None:
    """One of something is no plural."""
    body = """const { count, percent } = words;
        return [count(1, 'message'), count(2, 'message'), count(0, 'reply', 'replies'), percent(0.975)];"""
    assert run(IMPORTS, body) == ["1 message", "2 messages", "0 replies", "98 %"]
