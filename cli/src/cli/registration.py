"""The application that somebody registered with Microsoft, as `connect` wrote it into settings/microsoft.toml.

What stands in [microsoft] goes into the gateway's settings as it is, so a registration can't be anything but settings.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from chassis import settings, whole_file
from chassis.settings import Settings
from cli.place import Place, toml
from gateway.identity.microsoft import MicrosoftSettings

FOLDER: Final = "microsoft"  # below var
FILE: Final = "microsoft.toml"
CALLBACK: Final = "/api/v1/session/callback"
URL: Final = re.compile(r"https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?")  # no path: the redirect URI is below it
GRAPH: Final = "https://graph.microsoft.com/v1.0"


class Registered(Settings):
    """The file. public_url: under which browsers reach the gateway, as the redirect URI was registered."""

    public_url: Annotated[str, Field(pattern=f"^{URL.pattern}$")]
    microsoft: MicrosoftSettings


class Registration(NamedTuple):
    """The address of this installation, and the table [microsoft] of the gateway's settings."""

    public_url: str
    microsoft: dict[str, Any]

    @property
    def port(self) -> int:
        """The port of the address."""
        _, _, port = self.public_url.removeprefix("https://").partition(":")
        return int(port or 443)

    @property
    def callback(self) -> str:
        """The redirect URI that must be registered, to the letter."""
        return self.public_url + CALLBACK


def file_in(var: Path) -> Path:
    """Where the registration of this folder is, or would be."""
    return var / FOLDER / "settings" / FILE


def read(path: Path) -> Registration:
    """The registration, checked as the gateway will check it. StartRefused says what is wrong with it."""
    settings.load(Registered, path)
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Registration(document["public_url"], document["microsoft"])


def write(place: Place, registration: Registration) -> Path:
    """Whole, and readable by its owner alone."""
    path = place.path("settings", FILE)
    values = {"public_url": registration.public_url, "microsoft": registration.microsoft}
    whole_file.write(path, toml(values).encode(), mode=0o600)
    return path
