"""The program `mail-organiser-sandbox`: opens the mailbox, seeds it when empty, serves TLS 1.3 on loopback.

Prints one JSON line {"url", "control"} to stdout once it answers, and nothing else there.
"""

import argparse
import json
import os
import secrets
import socket
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path

import uvicorn

from sandbox import app, seed, seeds, settings
from sandbox.connection import CuttableProtocol
from sandbox.sample import mailbox
from sandbox.seed_message import SeedMessage
from sandbox.store import Store

SAMPLE = "sample"  # the seed that comes with the sandbox
IDLE_SECONDS = 75  # an idle connection stays; shorter ones end under a client that is about to write
STOP_SECONDS = 2  # open connections get this long when the sandbox is told to stop


class AnnouncingServer(uvicorn.Server):
    """Says where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        line = json.dumps({"url": self._url, "control": f"{self._url}/control"})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def main() -> int:
    """Run until told to stop; 0 after an orderly end, 2 when the settings or files can't be used."""
    parser = argparse.ArgumentParser(
        description="Microsoft on one desk: for tests and demonstrations, on loopback only"
    )
    parser.add_argument("--settings", type=Path, required=True, help="TOML file")
    path = parser.parse_args().settings
    try:
        run(settings.load(path))
    except (settings.InvalidSettings, seeds.UnreadableMailbox, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    return 0


def run(chosen: settings.Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    people = app.people(chosen)
    store = Store(chosen.database, people)
    try:
        _seed(store, chosen.seed, next(iter(people)))
        with _listen(chosen.host, chosen.port) as listener:
            url = _url(chosen.host, listener.getsockname()[1])
            application = app.build(chosen, store, url, control_token(chosen.control_token))
            AnnouncingServer(_config(chosen, application), url).run([listener])
    finally:
        store.close()


def control_token(path: Path) -> str:
    """The token in the file, made and kept there (mode 0600) if the file is absent."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made := secrets.token_urlsafe(32))
    return made


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _url(host: str, port: int) -> str:
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _config(chosen: settings.Settings, application: object) -> uvicorn.Config:
    config = uvicorn.Config(
        application,  # type: ignore[arg-type]  # an ASGI application
        http=CuttableProtocol,
        lifespan="off",
        log_level="warning",
        server_header=False,
        ssl_certfile=chosen.certificate,
        ssl_keyfile=chosen.key,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
    )
    config.load()
    if config.ssl is None:
        raise settings.InvalidSettings("TLS could not be set up; check 'certificate' and 'key'")
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return config


def _seed(store: Store, source: str, oid: str) -> None:
    if source and store.is_empty():
        seed.load(store, _messages(source), oid)


def _messages(source: str) -> Iterable[SeedMessage]:
    return mailbox.messages() if source == SAMPLE else seeds.read(Path(source))


if __name__ == "__main__":
    sys.exit(main())
