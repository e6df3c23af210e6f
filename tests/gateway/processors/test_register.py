"""The register of sub-processors is whole: no setting and no source names a host that is in no row."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

import classifier.settings
import gateway.settings
import sentinel.settings
from chassis.errors import StartRefused
from gateway.processors import register

ROOT = Path(__file__).parents[3]
MODELS = {
    "gateway": gateway.settings.GatewaySettings,
    "sentinel": sentinel.settings.SentinelSettings,
    "classifier": classifier.settings.Settings,
}
NAMES_A_HOST = re.compile(r"(url|target|endpoint|database|redis|otlp|host|address|module|proxies|contacts|policy)$")
AUTHORITY = "gateway.microsoft.authority"  # the one `authority` that is no file of certificates
INSIDE = {  # settings that name the installation itself, or nobody that is spoken to
    "gateway.public_url": "where people reach it",
    "gateway.host": "where it listens",
    "gateway.metrics_host": "where it listens",
    "gateway.trusted_proxies": "who is believed, not who is spoken to",
    "gateway.sentinel.target": "a service of ours",
    "gateway.classifier.target": "a service of ours",
    "gateway.disclosure.contacts": "published, never spoken to",
    "gateway.disclosure.policy": "published, never spoken to",
    "gateway.limits.address": "a number of requests",
    "sentinel.address": "where it listens",
    "sentinel.metrics_address": "where it listens",
    "classifier.address": "where it listens",
    "classifier.metrics.host": "where it listens",
}
SOURCES = ("proto", "chassis", "sentinel", "classifier", "gateway", "cli")
NEVER_SPOKEN_TO = {  # hosts that stand in the sources, and why nothing is sent there
    "iana.org": "the name of a problem's type",
    "entra.microsoft.com": "told to a person who registers an application",
    "www.w3.org": "the name of SVG's elements",
    "learn.microsoft.com": "a link for a person on the page",
}
HOST = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+)")


def leaves(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = [kind for kind in _kinds(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if inner:
            yield from leaves(inner[0], f"{prefix}.{name}")
        else:
            yield f"{prefix}.{name}"


def _kinds(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, UnionType) or get_origin(annotation) is Annotated:
        yield from (kind for one in get_args(annotation) for kind in _kinds(one))
    else:
        yield annotation


SETTINGS = {name for service, model in MODELS.items() for name in leaves(model, service)}
ASSIGNED = [name for row in register.sub_processors().values() for name in row.settings]


def test_every_setting_that_names_a_host_is_assigned() -> None:
    """To one row or to the inside, never to both; and what is assigned is a setting."""
    naming = {name for name in SETTINGS if NAMES_A_HOST.search(name)} | {AUTHORITY}
    assert len(naming) > 15
    assert sorted(naming - set(ASSIGNED) - set(INSIDE)) == []
    assert sorted({*ASSIGNED, *INSIDE} - SETTINGS) == []
    assert len({*ASSIGNED, *INSIDE}) == len(ASSIGNED) + len(INSIDE)


def constants(path: Path) -> Iterator[str]:
    """Texts of a Python module that are no docstrings; a whole file of the page."""
    if path.suffix != ".py":
        yield path.read_text(encoding="utf-8")
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_every_host_of_the_sources_is_assigned() -> None:
    """To a row, or to those that are never spoken to."""
    files = [
        path
        for source in SOURCES
        for path in (ROOT / source / "src").rglob("*")
        if path.suffix in {".py", ".js", ".html"} and "vendor" not in path.parts
    ]
    found = {host for path in files for text in constants(path) for host in HOST.findall(text)}
    known = {host for row in register.sub_processors().values() for host in row.hosts}
    assert found == known | set(NEVER_SPOKEN_TO)


def test_the_page_is_the_register() -> None:
    """The same rows, in the same words."""
    page = (ROOT / "docs" / "reference" / "sub-processors.md").read_text()
    for name, row in register.sub_processors().items():
        settings = ", ".join(f"`{one}`" for one in row.settings)
        assert f"| `{name}` | {row.purpose} | {row.data} | {row.used_when} | {settings} |\n" in page
    assert len(re.findall(r"^\| `\w+` \|.*\|.*\|.*\| `", page, re.MULTILINE)) == len(register.sub_processors())


@pytest.mark.parametrize(
    "text",
    [
        '[somebody]\nname = "A"\n',
        '[hosting]\nnickname = "A"\n',
        '[hosting]\nname = ""\n',
        '[hosting]\nsince = "yesterday"\n',
        "hosting = 1\n",
        "[hosting\n",
    ],
)
def test_a_part_that_is_none_stops_the_start(tmp_path: Path, text: str) -> None:
    """An unknown name, a wrong type, a file that is no TOML: nothing is shown half."""
    path = tmp_path / "told.toml"
    path.write_text(text)
    with pytest.raises(StartRefused, match="sub_processors: "):
        register.load(path)
    with pytest.raises(StartRefused, match="sub_processors: "):
        register.load(tmp_path / "absent.toml")
