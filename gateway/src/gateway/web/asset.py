"""One file of the page, as it goes over the wire."""

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Final

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True)
class Asset:
    """path: below the page's folder, with slashes."""

    path: str
    content: bytes

    @property
    def media_type(self) -> str:
        """With its charset."""
        return TYPES[f".{self.path.rpartition('.')[2]}"]

    @cached_property
    def etag(self) -> str:
        """Strong, of the content before it is compressed, in quotes."""
        return f'"{sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes:
        """As gzip; the same bytes every time."""
        return gzip.compress(self.content, mtime=0)


def below(folder: Traversable, prefix: str = "") -> list[Asset]:
    """All files of the kinds that a browser is given, by path; types, licences and Python are not."""
    found = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += below(entry, f"{path}/")
        elif f".{path.rpartition('.')[2]}" in TYPES:
            found.append(Asset(path, entry.read_bytes()))
    return found
