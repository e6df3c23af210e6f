"""Where everything on one machine lies: keys apart from data, nothing readable by others.

var/<mailbox>/secrets/   root key, signing key, client secret, control token     (never with the data)
var/<mailbox>/tls/       the local authority and its certificates
var/<mailbox>/data/      the gateway's database and its sealed keys
var/<mailbox>/sandbox/   the mailbox that the sandbox serves
var/<mailbox>/settings/  one file a process
var/<mailbox>/logs/      one file a process
var/<mailbox>/lock       held by whoever runs on it, and by the processes that it started
"""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis import whole_file
from cli.unusable import Unusable

FOLDERS = ("secrets", "tls", "data", "sandbox", "settings", "logs")
SECRET_MODE = 0o600
FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one mailbox on this machine."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Place":
        """The folders, made when absent, closed to everyone else."""
        for name in FOLDERS:
            (root / name).mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return cls(root.resolve())

    def path(self, folder: str, name: str) -> Path:
        """A file in one of the folders."""
        return self.root / folder / name

    def lock(self) -> int:
        """A descriptor that says that this place is in use, for as long as a process has it. Unusable if one has."""
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, SECRET_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Unusable(
                "This mailbox is being sorted already.",
                f"Another `mail-organiser up`, or a process that it left behind, works in {self.root}.",
                "End it, or give this one another folder with --var.",
            ) from None
        return descriptor

    def secret(self, name: str, content: bytes | None = None) -> Path:
        """A secret's file: made once, with this content or 32 random bytes as text, kept from then on."""
        path = self.path("secrets", name)
        if not path.exists():
            self.write_secret(name, content or secrets.token_urlsafe(32).encode())
        return path

    def write_secret(self, name: str, content: bytes) -> Path:
        """A secret's file with exactly this content, never readable by others, not even for a moment."""
        path = self.path("secrets", name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, SECRET_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return path

    def settings(self, name: str, values: Mapping[str, object]) -> Path:
        """Writes a process's settings as TOML."""
        path = self.path("settings", f"{name}.toml")
        whole_file.write(path, toml(values).encode(), mode=SECRET_MODE)
        return path


def toml(values: Mapping[str, object], prefix: str = "") -> str:
    """TOML of strings, numbers, booleans, lists of these, and tables of these."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += [f"\n[{prefix}{key}]", toml(value, f"{prefix}{key}.")]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    # TOML's strings are JSON's but for two things: no surrogate pairs, and DEL is escaped.
    text = json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")
