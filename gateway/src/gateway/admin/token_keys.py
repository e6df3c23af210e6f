"""`mail-organiser-gateway-token-keys`: the keys of access tokens, on a gateway that runs.

A running gateway takes over what is done here within gateway.identity.key_rotation.LOOK_S. Each change leaves an event
in the trail; without one nothing changes.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chassis import settings
from chassis.errors import ServiceError, StartRefused
from gateway import deployment
from gateway.audit.event import Event, Kind
from gateway.identity.key_rotation import schedule
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.vault.errors import KeyringRefused
from gateway.vault.keyring import Keyring, Purpose, SigningKey

PROG: Final = "mail-organiser-gateway-token-keys"
REFUSED: Final = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """The console entry point."""
    wanted = _parser().parse_args(arguments)
    try:
        _do(wanted, settings.load(GatewaySettings, wanted.settings))
    except (StartRefused, KeyringRefused, ServiceError) as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(REFUSED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROG, description="The keys that sign access tokens: see, rotate, destroy.")
    parser.add_argument("--settings", type=Path, required=True, help="the gateway's settings file")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="one line a key, newest first: id, made at, what it is good for")
    commands.add_parser("rotate", help="make a new key; the former is believed until its last token is over")
    destroy = commands.add_parser("destroy", help="refuse an older key, and every token that it signed")
    destroy.add_argument("key", help="id, as list prints it")
    return parser


def _do(wanted: argparse.Namespace, configured: GatewaySettings) -> None:
    keyring = deployment.open_existing(configured)
    if wanted.command == "rotate":
        _recorded(configured, keyring, Kind.TOKEN_KEY_ROTATED, None)
    elif wanted.command == "destroy":
        _recorded(configured, keyring, Kind.TOKEN_KEY_DESTROYED, wanted.key)
    _list(keyring.signing_keys())


def _recorded(configured: GatewaySettings, keyring: Keyring, kind: Kind, destroyed: str | None) -> None:
    if destroyed is not None and destroyed not in {key.id for key in keyring.signing_keys()}:
        raise KeyringRefused("there is no such key of access tokens; see list")
    engine, now = store.open(configured.database), clock.now()
    audit = deployment.trail(configured, keyring)
    try:
        with engine.begin() as connection:
            audit.record(connection, Event(kind, object_id=destroyed))
            _change(keyring, destroyed, now)
    finally:
        engine.dispose()


def _change(keyring: Keyring, destroyed: str | None, now: int) -> None:
    if destroyed is None:
        keyring.rotate(Purpose.ACCESS_TOKEN, now=now)
    else:
        keyring.destroy([destroyed])


def _list(listed: Sequence[SigningKey]) -> None:
    moment = schedule(listed, clock.now())
    former, believed = ({key.id for key in some} for some in (moment.former, moment.believed))
    for key in listed:
        made = datetime.fromtimestamp(key.created_at / clock.SECOND, UTC).isoformat(timespec="seconds")
        sys.stdout.write(f"{key.id}  {made}  {_good_for(key, moment.signing, believed, former)}\n")


def _good_for(key: SigningKey, signing: SigningKey, believed: set[str], former: set[str]) -> str:
    if key.id == signing.id:
        return "signs"
    if key.id in believed:
        return "announced" if key.created_at > signing.created_at else "believed"
    return "proves tabs" if key.id in former else "over"


if __name__ == "__main__":
    main()
