"""What tests of the benches share."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).with_name("sentinel")


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Imports a module of tests/bench/sentinel, which is a folder that is run and no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module
