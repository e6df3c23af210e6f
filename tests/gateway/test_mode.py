"""Practice and real mail are never mixed: what a gateway's settings say of one mode is refused in the other."""

from pathlib import Path
from typing import Any

import pytest

from chassis import settings
from chassis.errors import StartRefused
from cli.house import House, Ports
from cli.place import Place, toml
from gateway.settings import GatewaySettings

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
CLIENT = "11111111-1111-4111-8111-111111111111"
MICROSOFT = {
    "mode": "microsoft",
    "public_url": "https://mail.example",
    "host": "0.0.0.0",  # noqa: S104  # behind a proxy of the operator's
    "microsoft": {"client_id": CLIENT, "authority": f"https://login.microsoftonline.com/{TENANT}"},
    "graph": {"url": "https://graph.microsoft.com/v1.0"},
}


@pytest.fixture
def practice(tmp_path: Path) -> dict[str, Any]:
    """The settings of a house on the sandbox."""
    place = Place.make(tmp_path / "house")
    made = House(place, Ports(8443, 2, 3, 4), "sample")
    made.renew()
    return dict(made.gateway())


def load(tmp_path: Path, values: dict[str, Any]) -> GatewaySettings:
    path = tmp_path / "gateway.toml"
    path.write_text(toml(values))
    return settings.load(GatewaySettings, path)


def changed(values: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    """With one dotted key set."""
    table, _, name = key.rpartition(".")
    return {**values, table: {**values[table], name: value}} if table else {**values, key: value}


def test_each_mode_by_itself_starts(practice: dict[str, Any], tmp_path: Path) -> None:
    """As `up` writes the one, and as an operator would the other."""
    assert load(tmp_path, practice).mode == "sandbox"
    assert load(tmp_path, {**practice, **MICROSOFT}).mode == "microsoft"


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("host", "0.0.0.0", "host"),  # noqa: S104  # what must be refused
        ("host", "mail.example", "host"),
        ("metrics_host", "192.0.2.1", "metrics_host"),
        ("public_url", "https://mail.example", "public_url"),
        ("microsoft.authority", f"https://login.microsoftonline.com/{TENANT}", r"microsoft: .*authority:"),
        ("microsoft.authority", f"https://127.0.0.1:2/{TENANT}", r"microsoft: .*the tenant of authority:"),
        ("microsoft.client_id", CLIENT, r"microsoft: .*client_id:"),
        ("graph", {}, r"graph: .*url:"),  # the default is Microsoft's
        ("graph.url", "https://graph.microsoft.com/v1.0", r"graph: .*url:"),
        ("mode", "microsoft", r"microsoft: .*authority:"),
        ("mode", "production", "mode"),
    ],
)
def test_a_sandbox_with_anything_real_is_no_start(
    practice: dict[str, Any], tmp_path: Path, key: str, value: object, named: str
) -> None:
    """Off loopback, or as a real application: the start is refused, and the key is named."""
    with pytest.raises(StartRefused, match=named):
        load(tmp_path, changed(practice, key, value))


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("microsoft.authority", "https://127.0.0.1:2/organizations", r"microsoft: .*authority:"),
        ("microsoft.authority", "https://login.example/a-sandbox-tenant", r"microsoft: .*the tenant of authority:"),
        ("microsoft.client_id", "mail-organiser-sandbox-client", r"microsoft: .*client_id:"),
        ("graph.url", "https://localhost:2/v1.0", r"graph: .*url:"),
    ],
)
def test_microsoft_with_anything_made_up_is_no_start(
    practice: dict[str, Any], tmp_path: Path, key: str, value: object, named: str
) -> None:
    """A gateway that says microsoft speaks to nothing on this machine, under no name of the sandbox."""
    with pytest.raises(StartRefused, match=named):
        load(tmp_path, changed({**practice, **MICROSOFT}, key, value))
