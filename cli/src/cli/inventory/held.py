"""What the gateway itself holds: its root, the keys under it, the people's keys, and the API keys that it gave out."""

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from chassis.secret_file import dates_of
from cli.inventory.listed import API_KEY, DERIVED, KEYS, PERSON, ROOT
from cli.inventory.row import Row, due, moment, of_file
from gateway.identity.key_rotation import ANNOUNCE_MS, FORMER_MS
from gateway.settings import GatewaySettings
from gateway.store import api_keys
from gateway.store.engine import reading
from gateway.vault.keyring import Key, Keyring, Purpose
from gateway.vault.vault import KEK_LIFE, USE_LIMIT, Vault

FORMER_ROOT: Final = "former root"
_KEYS, _DATABASE = "gateway.keys", "gateway.database"  # the settings


def roots(configured: GatewaySettings) -> Iterator[Row]:
    """The root, and the former one while it is replaced."""
    yield _root(ROOT, "gateway.root", configured.root_key)
    if configured.former_root_key or configured.former_root_hsm:
        yield _root(FORMER_ROOT, "gateway.former_root", configured.former_root_key)


def of_keyring(keyring: Keyring) -> Iterator[Row]:
    """Each key, newest of a purpose first; one that was replaced is due for nothing and ends."""
    for purpose in Purpose:
        keys = keyring.all(purpose)
        yield _key(keys[0], replaced=None)
        yield from (_key(key, replaced=moment(after.created_at)) for after, key in pairwise(keys))


def derived() -> list[Row]:
    """They are kept nowhere, and live as long as what they come from."""
    return [Row(name=name, what=what, where="memory") for name, what in DERIVED.items()]


def people(engine: Engine, vault: Vault) -> Row:
    """Of all people together: how many keys, the oldest and the newest, and the most that one was used."""
    with reading(engine) as connection:
        kept = vault.person_keys(connection)
    return Row(
        name=PERSON,
        what=KEYS[PERSON],
        where=_DATABASE,
        made_at=moment(kept.oldest),
        made_by="key",
        in_use_since=moment(kept.newest),
        count=kept.number,
        uses=kept.most_uses,
        limit=USE_LIMIT,
    )


def programs(engine: Engine, *, now: int) -> Row:
    """API keys that are good: how many, from when, and when the next one ends."""
    with reading(engine) as connection:
        kept = api_keys.summary(connection, now=now)
    return Row(
        name=API_KEY,
        what=KEYS[API_KEY],
        where=_DATABASE,
        made_at=moment(kept.oldest),
        made_by="key",
        ends_at=moment(kept.next_end),
        count=kept.number,
    )


def _root(name: str, setting: str, file: Path | None) -> Row:
    if file is None:  # a module does not tell when its key was made
        return Row(name=name, what=KEYS[ROOT], where=f"PKCS#11 module ({setting}_hsm)")
    mounted = file.exists() and file.stat().st_uid != os.geteuid()
    return of_file(name, KEYS[ROOT], f"{'mounted file' if mounted else 'file'} ({setting}_key)", dates_of(file))


def _key(key: Key, *, replaced: datetime | None) -> Row:
    what, made = KEYS[key.purpose], moment(key.created_at)
    return Row(
        name=key.purpose.value,
        what=what,
        where=_KEYS,
        id=key.id,
        made_at=made,
        made_by="key",
        in_use_since=made,
        ends_at=_end(key, replaced),
        due_at=due(made, what) if replaced is None else None,
    )


def _end(key: Key, replaced: datetime | None) -> datetime | None:
    """When it is destroyed."""
    if key.purpose is Purpose.KEK:
        return moment(key.created_at + KEK_LIFE)
    if key.purpose is Purpose.ACCESS_TOKEN and replaced is not None:
        return moment(round(replaced.timestamp() * 1000) + ANNOUNCE_MS + FORMER_MS)
    return None
