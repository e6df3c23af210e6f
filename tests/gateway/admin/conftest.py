"""A deployment of which nothing runs: settings, a migrated database, and keys under whatever root is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chassis import settings
from gateway import deployment
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.vault.keyring import Keyring

PEM = ("certificate", "key", "authority")


@pytest.fixture
def gateway_file(tmp_path: Path, migrated_file: Path) -> Callable[..., Path]:
    """Writes the gateway's settings, with these keys and tables besides; the first time makes keys, an hour old."""
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_file, tmp_path / "data" / "mail.db")

    def write(keys: str, tables: str = "") -> Path:
        tls = "\n".join(f'{name} = "{name}.pem"' for name in PEM)
        file = tmp_path / "gateway.toml"
        file.write_text(
            f'deployment = "test"\nmode = "microsoft"\npublic_url = "https://mail.example"\nport = 0\n'
            f'database = "data/mail.db"\nkeys = "keys"\n{keys}\n[edge_tls]\n{tls}\n[peer_tls]\n{tls}\n'
            '[sentinel]\ntarget = "localhost:1"\nname = "s"\n[classifier]\ntarget = "localhost:1"\nname = "c"\n'
            '[microsoft]\nclient_id = "c"\nauthority = "https://login.microsoftonline.com/common"\n'
            f"{tables}\n"
        )
        configured = settings.load(GatewaySettings, file)
        if not configured.keys.exists():
            Keyring.create(deployment._root(configured), configured.keys, now=clock.now() - clock.HOUR)
        return file

    return write
