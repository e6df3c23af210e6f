"""Every problem that a client can meet has its entry on the page of errors, and the page has no other."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import chassis
import classifier
import gateway
import sentinel
from chassis.errors import ServiceError, problem
from gateway.graph.errors import GraphError
from gateway.identity.refusal import SENTENCES
from gateway.organise import apply

PAGE = "docs/reference/errors.md"


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """All modules below a package, imported; migrations only run under Alembic."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations" not in found.name:
            yield importlib.import_module(found.name)


def family(root: type[Any]) -> set[type[Any]]:
    """A class and all its subclasses that are ours."""
    for package in (chassis, sentinel, classifier, gateway):
        list(modules(package))
    found, open_ = set(), [root]
    while open_:
        kind = open_.pop()
        open_ += kind.__subclasses__()
        found.add(kind)
    return {kind for kind in found if kind.__module__.partition(".")[0] in {"chassis", "gateway"}}


def test_every_problem_has_an_entry(documents: Any) -> None:
    """Heading: the code. First line: status and title. So a `type` of /problems/<code> can be looked up."""
    entries = re.findall(r"^### `(\w+)`\n\n(\d{3}) ([^.]+)\.", documents.text(PAGE), re.MULTILINE)
    told = {(code, int(status)) for code, status, _ in entries}
    made = {(kind.code, kind.http_status) for kind in family(ServiceError)}
    assert told == made
    assert {(code, title) for code, _, title in entries} <= {(kind.code, kind.title) for kind in family(ServiceError)}
    assert len(entries) == len({code for code, _, _ in entries})


def test_the_type_is_built_from_the_code(documents: Any) -> None:
    """What the page says about `type` is what is sent."""
    assert "`/problems/<code>`" in documents.text(PAGE)
    plain = [kind for kind in family(ServiceError) if kind.__init__ is ServiceError.__init__]
    assert len(plain) > 10
    assert [kind for kind in plain if problem(kind(), "t")["type"] != f"/problems/{kind.code}"] == []


def test_every_code_of_a_failed_piece_of_work_is_there(documents: Any) -> None:
    """A scan or a run that ended as failed names a code; Graph's own family has a table."""
    rows = {row[0].strip("`") for row in documents.rows(documents.text(PAGE))}
    assert {kind.code for kind in family(GraphError)} <= rows


def test_every_code_of_a_journal_entry_is_there(documents: Any) -> None:
    """What came of a message that did not move is a code, and the page knows each of them."""
    source = inspect.getsource(apply)
    codes = set(re.findall(r'EntryState\.\w+, "(\w+)"', source)) | {"there"}
    rows = {row[0].strip("`") for row in documents.rows(documents.text(PAGE))}
    assert codes <= rows


def test_every_reason_of_a_refused_sign_in_is_there(documents: Any) -> None:
    """With the very sentence that the person reads."""
    text = " ".join(documents.text(PAGE).split())
    assert [reason for reason, sentence in SENTENCES.items() if f"`{reason.value}` | {sentence}" not in text] == []
