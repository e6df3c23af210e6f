"""A stolen copy: what lies in the data folder is worth nothing without the root key that lies elsewhere."""

import secrets
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

from cli.child import program


def copied(house: Any, to: Path) -> Path:
    """The settings of a second gateway over a copy of everything but the root key, which is another one."""
    shutil.copytree(house.place.root / "data", to / "data")
    root = to / "root.key"
    root.touch(0o600)
    root.write_bytes(house.place.path("secrets", "root.key").read_bytes())
    settings = house.place.path("settings", "gateway.toml").read_text()
    for name in ("gateway.sqlite", "keys.sealed"):
        settings = settings.replace(str(house.place.path("data", name)), str(to / "data" / name))
    path = to / "gateway.toml"
    path.write_text(settings.replace(str(house.place.path("secrets", "root.key")), str(root)))
    return path


def test_a_copy_of_the_data_does_not_start_under_another_root_key(sample_house: Any, tmp_path: Path) -> None:
    """The gateway itself, over the copied files. The control is the right key: it gets as far as the port, in use."""
    settings = copied(sample_house, tmp_path)
    root = tmp_path / "root.key"
    assert "cannot be bound" in refusal(settings)
    root.write_bytes(secrets.token_bytes(len(root.read_bytes())))
    assert "was not sealed by this root" in refusal(settings)


def refusal(settings: Path) -> str:
    """What a gateway says that does not start."""
    command = [program("mail-organiser-gateway"), "--settings", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    return ended.stderr


def test_secrets_are_for_their_owners_eyes_alone(sample_house: Any) -> None:
    """Every file of the secrets, and every private key of TLS: nobody else may open one."""
    root = sample_house.place.root
    files = [*(path for path in (root / "secrets").rglob("*") if path.is_file()), *(root / "tls").rglob("*key.pem")]
    assert len(files) > 5
    assert [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
