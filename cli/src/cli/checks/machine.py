"""The machine: Python, what is installed, ports."""

import importlib
import socket
import sqlite3
import ssl
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from cli.checks.found import Found, fail, ok

MIN_PYTHON: Final = (3, 11)
MIN_SQLITE: Final = (3, 35, 0)  # as gateway.store.engine
PARTS: Final = ("chassis", "sentinel", "classifier", "gateway", "cli", "proto")


def python() -> Found:
    """Old enough to have what we use, with TLS 1.3 and a SQLite that can return what it deletes."""
    told = f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, {ssl.OPENSSL_VERSION}"
    if sys.version_info < MIN_PYTHON:
        return fail("Python", f"{told}.", "Install Python 3.11 or newer, and run make setup again.")
    if sqlite3.sqlite_version_info < MIN_SQLITE or not ssl.HAS_TLSv1_3:
        return fail("Python", f"{told}.", "Use a Python with SQLite 3.35 or newer and an OpenSSL with TLS 1.3.")
    return ok("Python", told)


def packages() -> Found:
    """Every part of this project is installed, in one version, and can be imported."""
    missing = [part for part in PARTS if _version(part) is None]
    if missing:
        return fail("Packages", f"{', '.join(missing)} not installed.", "Run make setup.")
    for name in ("dbos", "msal", "sqlalchemy", "grpc", "re2"):
        try:
            importlib.import_module(name)
        except ImportError:
            return fail("Packages", f"{name} can't be imported.", "Run make setup.")
    versions = {_version(part) for part in PARTS}
    if len(versions) > 1:
        return fail("Packages", "the parts have different versions.", "Run make setup.")
    return ok("Packages", f"all parts of version {versions.pop()}")


def port(host: str, number: int, *, ours: bool) -> Found:
    """Free, or held by the gateway that answers there."""
    name = f"Port {number}"
    if ours:
        return ok(name, "the gateway answers there")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return fail(name, "another program has it.", "End that program, or choose another port.")
    return ok(name, "free")


def _version(part: str) -> str | None:
    try:
        return version(f"mail-organiser-{part}")
    except PackageNotFoundError:
        return None
