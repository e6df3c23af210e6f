"""The page of connections tells the limits that the code has, each with what happens there."""

import re
from functools import reduce
from importlib import import_module
from typing import Any

import pytest

import classifier.settings
import gateway.settings
import sentinel.settings

PAGE = "docs/reference/connections.md"
MODELS: dict[str, Any] = {
    "gateway": gateway.settings.GatewaySettings,
    "sentinel": sentinel.settings.SentinelSettings,
    "classifier": classifier.settings.Settings,
}
CONSTANT = re.compile(r"`((?:gateway|chassis)\.[\w.]+)`")
SETTING = re.compile(r"setting `([\w.]+)`")


@pytest.fixture
def rows(documents: Any) -> list[list[str]]:
    """[from, to, limit, of what, where, at the limit] of both tables."""
    return [row for head, rows in documents.tables(documents.text(PAGE)) if head[2] == "limit" for row in rows]


def constant(path: str) -> str:
    """The value of a module's name, in dots, as the page writes it."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return written(reduce(part, parts[length:], found))
    raise AssertionError(path)


def part(of: Any, name: str) -> Any:
    """An attribute; of a class with defaults, of what it makes by itself."""
    return getattr(of() if isinstance(of, type) else of, name)


def default(service: str, setting: str) -> str:
    """The default of a setting, in dots, of whoever connects or listens."""
    model, *rest = [MODELS[service], *setting.split(".")]
    for name in rest[:-1]:
        kinds = getattr(model.model_fields[name].annotation, "__args__", (model.model_fields[name].annotation,))
        model = next(kind for kind in kinds if hasattr(kind, "model_fields"))
    return written(model.model_fields[rest[-1]].default)


def written(value: object) -> str:
    if isinstance(value, tuple):
        return " and ".join(str(one) for one in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def test_every_limit_is_the_one_of_the_code(rows: list[list[str]]) -> None:
    """A constant that changes, or a setting's default, changes the page."""
    assert len(rows) > 20
    for row in rows:
        service = next(name for name in (row[0], row[1]) if name in MODELS) if SETTING.search(row[4]) else ""
        found = [constant(path) for path in CONSTANT.findall(row[4])]
        found += [default(service, setting) for setting in SETTING.findall(row[4])]
        assert found, f"nothing says where the limit of {row[:4]} is"
        assert set(found) == {row[2]}, row


def test_every_limit_tells_what_happens_there(rows: list[list[str]]) -> None:
    """In words."""
    assert [row for row in rows if len(row) != 6 or len(row[5]) < 3] == []


def test_every_setting_that_limits_connections_is_there(rows: list[list[str]]) -> None:
    """Those whose names say so."""
    named = {setting for row in rows for setting in SETTING.findall(row[4])}
    words = re.compile(r"connections|concurrency|threads|patience")
    ours = {
        f"{prefix}{name}"
        for model, prefix in [
            *((one, "") for one in MODELS.values()),
            (gateway.settings.RedisSettings, "redis."),
            (classifier.settings.Provider, "provider."),
        ]
        for name in model.model_fields
        if words.search(name)
    }
    assert ours == named
