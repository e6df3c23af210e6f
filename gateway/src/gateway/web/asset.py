"""One file of the page, as it goes over the wire."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Final

import brotli

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
    def codings(self) -> Mapping[str, bytes]:
        """By content coding (RFC 9110, 8.4.1), the smallest first; the same bytes every time."""
        small: bytes = brotli.compress(self.content, mode=brotli.MODE_TEXT)
        return {"br": small, "gzip": gzip.compress(self.content, mtime=0)}


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
