"""The page of settings is the settings: every key of every program, its default, and no key that nobody reads."""

import dataclasses
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import classifier.settings
import gateway.settings
import sandbox.settings
import sentinel.settings

PAGE = "docs/reference/configuration.md"
REQUIRED = "required"
MODELS = {
    "gateway": gateway.settings.GatewaySettings,
    "sentinel": sentinel.settings.SentinelSettings,
    "classifier": classifier.settings.Settings,
    "classifier's pinned keys": classifier.settings.SigningKeys,
}


def keys(model: type[BaseModel], prefix: str = "", *, optional: bool = False) -> Iterator[tuple[str, str]]:
    """(dotted key, default as the page writes it); tables within tables are followed."""
    for name, field in model.model_fields.items():
        inner = next((kind for kind in _kinds(field.annotation) if _is_model(kind)), None)
        default = field.get_default(call_default_factory=True)
        if inner is None:
            yield f"{prefix}{name}", written(default)
        else:
            yield from keys(inner, f"{prefix}{name}.", optional=optional or default is None)


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def written(default: object) -> str:
    """A default as TOML has it."""
    if default is PydanticUndefined or default is dataclasses.MISSING:
        return REQUIRED
    if default is None:
        return "absent"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, str):
        return f'`"{default}"`'
    if isinstance(default, frozenset | tuple):
        return f"`[{', '.join(written(one).strip('`') for one in default)}]`"
    return f"`{default}`"


def told(documents: Any, program: str) -> dict[str, str]:
    """Key to default, from the program's table on the page."""
    section = documents.text(PAGE).partition(f"\n## {program}\n")[2].partition("\n## ")[0]
    return {row[0].strip("`"): row[1] for row in documents.rows(section)}


@pytest.mark.parametrize("program", sorted(MODELS))
def test_every_key_of_a_service_is_on_the_page(documents: Any, program: str) -> None:
    """The same keys, the same defaults: a setting that changes changes the page."""
    assert told(documents, program) == dict(keys(MODELS[program]))


def test_every_key_of_the_sandbox_is_on_the_page(documents: Any) -> None:
    """The same for the sandbox, whose settings are a dataclass."""
    fields = dataclasses.fields(sandbox.settings.Settings)
    assert told(documents, "sandbox") == {field.name: written(field.default) for field in fields}


def test_every_key_is_explained(documents: Any) -> None:
    """A row without words would satisfy the others."""
    rows = [row for row in documents.rows(documents.text(PAGE)) if row[0].startswith("`")]
    assert [row[0] for row in rows if len(row) != 3 or len(row[2]) < 10] == []
