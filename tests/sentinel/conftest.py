"""The compiled inspector, once for all tests, and our own corpus."""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentinel.finding import Field
from sentinel.inspector import Inspector, detectors
from sentinel.item import Item
from sentinel.verdict import Verdict

CORPUS = Path(__file__).parent.parent / "corpus" / "injection"
Judge = Callable[..., Verdict]


@pytest.fixture(scope="session")
def inspector() -> Inspector:
    return Inspector(detectors())


@pytest.fixture(scope="session")
def judge(inspector: Inspector) -> Judge:
    """A function of a subject and, by keyword, of the other fields."""

    def judged(subject: str | None = None, **others: Any) -> Verdict:
        texts = {
            Field.SUBJECT: subject,
            Field.SENDER_NAME: others.get("name"),
            Field.SENDER_ADDRESS: others.get("address"),
            Field.LIST_ID: others.get("list_id"),
            Field.FOLDER_NAME: others.get("folder"),
            Field.FOLDER_DESCRIPTION: others.get("description"),
        }
        given = {field: text for field, text in texts.items() if text is not None}
        return inspector.inspect([Item(given, others.get("recipients", ()))])[0]

    return judged


@pytest.fixture(scope="session")
def corpus() -> Callable[[str], list[dict[str, str]]]:
    """Rows of a corpus file, by its name."""

    def rows(name: str) -> list[dict[str, str]]:
        lines = (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    return rows
