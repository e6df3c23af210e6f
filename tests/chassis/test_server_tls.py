"""TLS that Python itself serves: which groups it agrees on, and that it does not start when it would on others."""

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.server_tls import OTHERS, ServerTls, prove_groups
from chassis.tls import StartRefused, TlsFiles

_SERVE = """
import {first}
import {second}
import pathlib, sys
from chassis.server_tls import ServerTls
from chassis.tls import TlsFiles, TlsRefused
try:
    ServerTls(TlsFiles(*map(pathlib.Path, sys.argv[1:])))
except TlsRefused as refused:
    sys.exit(str(refused))
"""


def _started(files: TlsFiles, first: str, second: str, conf: Path | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "OPENSSL_CONF"}
    clean |= {} if conf is None else {"OPENSSL_CONF": str(conf)}
    paths = [str(path) for path in (files.certificate, files.key, files.authority)]
    command = [sys.executable, "-c", _SERVE.format(first=first, second=second), *paths]
    return subprocess.run(command, env=clean, capture_output=True, text=True, timeout=30, check=False)


def test_an_ordinary_process_agrees_on_the_modern_groups_alone(house: Any) -> None:
    """With chassis imported first, and nothing in the environment: X25519, P-256, P-384, by real handshakes."""
    done = _started(house.sentinel, "chassis", "ssl")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("early", ["ssl", "hashlib"])
def test_a_process_that_would_agree_on_others_does_not_start(house: Any, early: str) -> None:
    """OpenSSL was there before chassis and kept its own groups: found out by trying, with what to do."""
    done = _started(house.sentinel, early, "chassis")
    assert done.returncode == 1
    assert "X448, secp521r1, ffdhe2048, ffdhe3072" in done.stderr
    assert "Groups = X25519:P-256:P-384" in done.stderr


def test_an_operators_own_settings_are_kept_and_tried(house: Any, tmp_path: Path) -> None:
    """OPENSSL_CONF of somebody else is not replaced: with our groups in it the server starts, without it does not."""
    ours = Path(__file__).parents[2] / "chassis" / "src" / "chassis" / "openssl.cnf"
    good, narrow, wide = (tmp_path / name for name in ("good.cnf", "narrow.cnf", "wide.cnf"))
    good.write_text(ours.read_text().replace("SECLEVEL=2", "SECLEVEL=1"))
    narrow.write_text(ours.read_text().replace("X25519:P-256:P-384", "P-256"))
    wide.write_text("")
    assert _started(house.sentinel, "chassis", "ssl", good).returncode == 0
    assert "(X25519, secp384r1)" in _started(house.sentinel, "chassis", "ssl", narrow).stderr
    assert "ffdhe2048" in _started(house.sentinel, "chassis", "ssl", wide).stderr


def test_a_server_that_refuses_everything_is_no_proof() -> None:
    """A context without a certificate agrees on nothing: that is not what was asked for."""
    with pytest.raises(StartRefused, match="X25519, prime256v1, secp384r1"):
        prove_groups(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    assert len(set(OTHERS)) == 4


def test_a_replaced_pair_is_taken_up_as_a_whole(house: Any) -> None:
    """Nothing new: nothing happens. A new pair: a new context, the old one is untouched. Half a pair: the old one."""
    tls = ServerTls(house.sentinel)
    before = tls.current
    assert not tls.renew()
    house.authority.issue("sentinel.mail-organiser.internal")
    assert tls.renew()
    after = tls.current
    assert after is not before
    house.authority.issue("other.mail-organiser.internal")
    house.sentinel.certificate.write_bytes(
        (house.folder / "authority/other.mail-organiser.internal/certificate.pem").read_bytes()
    )
    assert not tls.renew()
    assert tls.current is after


def test_a_pair_that_ends_is_not_taken_up(house: Any) -> None:
    """An expired leaf does not replace one that is in date."""
    tls = ServerTls(house.sentinel)
    before = tls.current
    house.authority.issue("sentinel.mail-organiser.internal", now=datetime.now(UTC) - timedelta(days=31))
    assert not tls.renew()
    assert tls.current is before
