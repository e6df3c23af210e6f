"""The buckets in Redis: many requests on many buckets in one trip, decided there in one atomic step.

Guarantees: exact for any number of replicas, because Redis decides, with its own clock, one script after the other;
of like requests that don't all fit as many pass as fit. A bucket's key is a keyed hash under one hash tag (so that a
cluster keeps all of them in one slot) and ends by itself when the bucket is full.
Must never: wait (the caller bounds a trip), retry (a trip that may have been carried out would be charged twice), or
learn whose bucket it is.
"""

import ssl
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha1
from importlib.resources import files
from itertools import chain
from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

from hiredis import pack_command
from pydantic import Field, field_validator, model_validator
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from chassis.errors import StartRefused
from chassis.settings import File, SecretFile, Settings
from chassis.telemetry import is_loopback
from gateway.edge.bucket import Charge, Grant, Policy, grant

__all__ = ["RedisBuckets", "RedisError", "RedisSettings", "open_redis"]

_SCRIPT: Final = (files("gateway.edge") / "take.lua").read_bytes()
_SHA: Final = sha1(_SCRIPT, usedforsecurity=False).hexdigest().encode()  # Redis's name for a script
_PLAIN: Final = "redis"
_TLS: Final = "rediss"
_DEFAULT_PORT: Final = 6379
Group = tuple[int, ...]  # which buckets a request meets


class RedisSettings(Settings):
    """Where replicas meet. replicas: how many gateways there are at most; each grants that part while Redis is gone."""

    url: Annotated[str, Field(pattern=r"^rediss?://[^/@]+(/[0-9]{1,4})?$")]
    authority: File | None = None
    username: str | None = None
    password_file: SecretFile | None = None
    replicas: Annotated[int, Field(ge=1, le=1000)]
    patience_ms: Annotated[int, Field(ge=2, le=1000)] = 50

    @field_validator("url")
    @classmethod
    def _private(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == _PLAIN and not is_loopback(parts.hostname or ""):
            raise ValueError("must be rediss:// unless Redis is on this machine")
        return url

    @model_validator(mode="after")
    def _pinned(self) -> "RedisSettings":
        if urlsplit(self.url).scheme == _TLS and self.authority is None:
            raise ValueError("rediss:// needs redis.authority, the PEM file of the authority that Redis's comes from")
        return self


def open_redis(settings: RedisSettings) -> Redis:
    """A client that verifies whom it speaks to, and tries once. Connects at the first call. StartRefused otherwise."""
    parts = urlsplit(settings.url)
    tls = parts.scheme == _TLS
    patience_s = settings.patience_ms / 1000
    return Redis(
        host=parts.hostname or "",
        port=parts.port or _DEFAULT_PORT,
        db=int(parts.path.lstrip("/") or 0),
        username=settings.username,
        password=settings.password_file.text() if settings.password_file else None,
        ssl=tls,
        ssl_ca_data=_authority(settings) if tls else None,
        ssl_min_version=ssl.TLSVersion.TLSv1_3,
        socket_timeout=patience_s,
        socket_connect_timeout=patience_s,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,
        protocol=2,
        maint_notifications_config=None,
    )


def _authority(settings: RedisSettings) -> str | None:
    try:
        return settings.authority.read_text(encoding="ascii") if settings.authority else None
    except (OSError, UnicodeDecodeError):
        raise StartRefused("redis.authority cannot be read as a PEM file. Create it, or correct the path.") from None


class RedisBuckets:
    """Buckets behind one connection of a client; one trip at a time."""

    def __init__(self, client: Redis) -> None:
        # Outside of the pool, whose checks before each command would cost as much as the trip.
        self._connection: AbstractConnection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py leaves it so

    async def take(self, requests: Sequence[Sequence[Charge]], owed: Mapping[Charge, int]) -> list[list[Grant]]:
        """A Grant for each charge of each request, in order. owed: requests that an outage let pass, charged along."""
        trip = _Trip(requests, owed)
        try:
            answer = await self._ask(b"EVALSHA", _SHA, len(trip.keys), *trip.keys, *trip.arguments)
        except NoScriptError:  # a Redis that was restarted has none
            answer = await self._ask(b"EVAL", _SCRIPT, len(trip.keys), *trip.keys, *trip.arguments)
        return trip.grants(answer)

    async def close(self) -> None:
        """The connection ends."""
        await self._connection.disconnect()

    async def _ask(self, *command: Any) -> bytes:  # bytes and whole numbers
        # Packed in C, and sent as it is. Whatever goes wrong, also while we are cancelled, ends the connection: an
        # answer that comes too late must not be taken for the next one's. The next call connects again.
        await self._connection.send_packed_command(pack_command(command), check_health=False)
        return cast("bytes", await self._connection.read_response(disable_decoding=True))


class _Trip:
    """What is asked in one go, packed, and what the answer means. A bucket is a number in here: its key's place."""

    def __init__(self, requests: Sequence[Sequence[Charge]], owed: Mapping[Charge, int]) -> None:
        self.keys: list[bytes] = []
        self._policies: list[Policy] = []
        self._numbers: dict[bytes, int] = {}
        self._owed: list[int] = []
        self._requests = [tuple([self._number(charge, owed) for charge in request]) for request in requests]
        self._wanted = Counter(self._requests)  # in the order in which they came
        self.arguments = (self._packed_buckets(), self._packed_groups())

    def grants(self, answer: bytes) -> list[list[Grant]]:
        """ValueError or struct.error when the answer is not one of our script's."""
        end = 8 * len(self.keys)
        spent = struct.unpack(f"<{len(self.keys)}d", answer[:end])
        passing = struct.unpack(f"<{len(self._wanted)}H", answer[end:])
        left = dict(zip(self._wanted, passing, strict=True))
        return [self._granted(request, spent, left) for request in self._requests]

    def _granted(self, request: Group, spent: Sequence[float], left: dict[Group, int]) -> list[Grant]:
        left[request] = passing = left[request] - 1
        policies = self._policies
        return [grant(policies[number], spent[number], taken=passing >= 0) for number in request]

    def _number(self, charge: Charge, owed: Mapping[Charge, int]) -> int:
        policy, name = charge
        key = policy.place + name
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.keys)
            self.keys.append(key)
            self._policies.append(policy)
            self._owed.append(owed.get(charge, 0) if owed else 0)
        return number

    def _packed_buckets(self) -> bytes:
        numbers = zip(self._policies, self._owed, strict=True)
        flat = chain.from_iterable((policy.interval_s * 1e6, policy.quota, debt) for policy, debt in numbers)
        return struct.pack("<" + "ddd" * len(self.keys), *flat)

    def _packed_groups(self) -> bytes:
        flat = [number for group, wanted in self._wanted.items() for number in (wanted, len(group), *group)]
        return struct.pack(f"<{len(flat)}H", *flat)
