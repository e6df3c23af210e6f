"""Which key signs access tokens and which are believed, on a gateway that runs.

    made       announced for ANNOUNCE_MS: believed everywhere, before anybody signs with it
    signing    the newest that was announced; without one the oldest, so that an emergency needs no wait
    retired    believed until the last token that it signed is over
    former     proves which tab asks to refresh, until the last session that knows it has idled out
    destroyed  refused, within LOOK_S on every replica: operators do that when a key leaked

Guarantees: a rotation refuses no token that is in its time; whenever the keys change, nothing that an earlier key
verified is remembered. A keyring that can't be read changes nothing, and is logged each time.
"""

import asyncio
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Final, NamedTuple

from chassis.logs import get
from gateway.identity.jwt import LIFETIME_S, PROOF_S, AccessTokens, TokenKeys
from gateway.store import clock
from gateway.vault.errors import KeyringRefused
from gateway.vault.keyring import Keyring, Purpose, SigningKey

LOOK_S: Final = 5.0  # between two looks at the keyring: a destroyed key is refused after as much
ANNOUNCE_MS: Final = 30 * clock.SECOND  # several looks of every replica, and clocks that differ by some seconds
CLOCKS_MS: Final = 60 * clock.SECOND  # what clocks of replicas may differ by
OVERLAP_MS: Final = LIFETIME_S * clock.SECOND + CLOCKS_MS
FORMER_MS: Final = OVERLAP_MS + PROOF_S * clock.SECOND
IN_USE_MS: Final = 30 * clock.DAY  # then a start makes a new key


class Schedule(NamedTuple):
    """The keys of a moment, by what they are good for."""

    signing: SigningKey
    believed: tuple[SigningKey, ...]
    former: tuple[SigningKey, ...]

    def ids(self) -> list[list[str]]:
        """The same by name."""
        return [[key.id for key in some] for some in ((self.signing,), self.believed, self.former)]

    def keys(self) -> TokenKeys:
        """As AccessTokens uses them."""
        believed, former = ([one.key.public_key() for one in some] for some in (self.believed, self.former))
        return TokenKeys(self.signing.key, believed, former)


def schedule(keys: Sequence[SigningKey], now: int) -> Schedule:
    """What each key is good for at `now` (unix ms). keys: newest first, at least one. Pure."""
    announced = (place for place, key in enumerate(keys) if key.created_at <= now - ANNOUNCE_MS)
    place = next(announced, len(keys) - 1)
    replaced = [(key, now - newer.created_at - ANNOUNCE_MS) for newer, key in pairwise(keys[place:])]
    retired = [key for key, since in replaced if since < OVERLAP_MS]
    former = [key for key, since in replaced if OVERLAP_MS <= since < FORMER_MS]
    return Schedule(keys[place], (*keys[:place], *retired), tuple(former))


class KeyRotation:
    """Keeps `tokens` on the keys of the moment."""

    def __init__(self, keyring: Keyring, tokens: AccessTokens, used: Schedule) -> None:
        """used: the schedule that `tokens` was built with."""
        self._keyring = keyring
        self._tokens = tokens
        self._used = used

    async def run(self) -> None:
        """Looks every LOOK_S, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look(clock.now())

    async def look(self, now: int) -> None:
        """Takes over what changed in the keyring or by time."""
        try:
            await asyncio.to_thread(self._keyring.look_again)
            due = schedule(self._keyring.signing_keys(), now)
        except KeyringRefused:
            get(__name__).error("token_keys.unreadable")
            return
        if due.ids() != self._used.ids():
            self._tokens.use(due.keys())
            self._used = due
            get(__name__).info("token_keys.changed", count=1 + len(due.believed))


def renew(keyring: Keyring, now: int) -> None:
    """At start: a new key when the newest is IN_USE_MS old; those that prove nothing any more are destroyed."""
    if keyring.newest(Purpose.ACCESS_TOKEN).created_at + IN_USE_MS <= now:
        keyring.rotate(Purpose.ACCESS_TOKEN, now=now)
    keys = keyring.signing_keys()
    kept = schedule(keys, now)
    useful = set(chain.from_iterable(kept.ids()))
    if idle := [key.id for key in keys if key.id not in useful]:
        keyring.destroy(idle)
