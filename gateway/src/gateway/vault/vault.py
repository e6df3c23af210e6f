"""Sealing and opening what is kept about a person, and ending it.

- A data key (DEK) is made at sign-in only: `create_key`. Nothing else ever makes one, or erased people would come back.
- Each seal counts on the key in the same transaction as the ciphertext, and is refused at the limit.
- After `erase_key` every seal and open for the person raises PersonErased.
- KEK generations live 30 days at most: in use for 23, kept for 7 more (as long as a backup of wrapped keys), destroyed.
  With the last KEK that ever wrapped it, an erased person's key is gone from every old copy too.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine

from gateway.audit.event import Event, Kind, Outcome
from gateway.store import clock, ids, people, person_keys
from gateway.store.errors import RowAbsent
from gateway.store.person_keys import PersonKey, PersonKeys
from gateway.vault import envelope
from gateway.vault.envelope import KEY_BYTES
from gateway.vault.errors import DecryptFailed, KeyAbsent, KeyExhausted, PersonErased
from gateway.vault.keyring import Keyring, Purpose

USE_LIMIT: Final = 2**30  # encryptions under one DEK; SP 800-38D allows 2^32 random nonces
KEK_USE: Final = 23 * clock.DAY  # then a new generation wraps
KEK_LIFE: Final = 30 * clock.DAY  # then it is destroyed; the 7 days between are a backup's age limit
REWRAP_PAGE: Final = 500  # keys in one transaction, about 0.2 s
SENDER_HASH_BYTES: Final = 16  # groups, and proves nothing
PSEUDONYM_BYTES: Final = 16  # the same


class Cell(NamedTuple):
    """Where a sealed value stands. Moved to any other cell it does not open."""

    table: str
    row_id: str
    column: str


class Erasure(NamedTuple):
    """The two dates of a receipt, unix ms: unreadable here, and irrecoverable from any copy."""

    person_id: str
    erased_at: int
    irrecoverable_at: int


def _unnoted(_event: Event) -> None:
    """For who has no audit log to write: a restore, a look at a copy."""


class Vault:
    """One per process; `deployment` names this installation, so that nothing sealed elsewhere opens here.

    algorithm: of what is sealed; values of every algorithm that envelope knows are opened.
    note: told of every sealed value that does not open; Trail.note, or Tally's.
    """

    def __init__(  # noqa: PLR0913  # what it seals with, and how
        self,
        keyring: Keyring,
        deployment: str,
        *,
        use_limit: int = USE_LIMIT,
        algorithm: int = envelope.SEALING,
        now: Callable[[], int] = clock.now,
        note: Callable[[Event], object] = _unnoted,
    ) -> None:
        self._keyring = keyring
        self._deployment = deployment
        self._use_limit = use_limit
        self._algorithm = algorithm
        self._now = now
        self._note = note

    def subject_index(self, tenant_id: str, object_id: str) -> bytes:
        """The keyed hash (32 bytes) by which a person is found."""
        return self._blind_index("person", tenant_id, object_id)

    def mailbox_index(self, tenant_id: str, object_id: str) -> bytes:
        """The keyed hash (32 bytes) by which a person's mailbox is found."""
        return self._blind_index("mailbox", tenant_id, object_id)

    def create_key(self, connection: Connection, person_id: str) -> str:
        """At sign-in, and nowhere else: the id of a key that can seal, made if there is none. Raises PersonErased."""
        _refuse_erased(connection, person_id, held=True)
        keys = person_keys.of_person(connection, person_id)
        if keys and keys[-1].uses < self._use_limit and self._opens(keys[-1]):
            return keys[-1].id
        made = self._wrapped(person_id, len(keys) + 1)
        person_keys.add(connection, made)
        return made.id

    def person_keys(self, connection: Connection) -> PersonKeys:
        """How many data keys there are, and how old and worn; nobody's in particular."""
        return person_keys.summary(connection)

    def seal(self, connection: Connection, person_id: str, cell: Cell, plaintext: bytes) -> bytes:
        """`plaintext` for this cell; write it in this transaction. Raises PersonErased, KeyAbsent, KeyExhausted."""
        key = person_keys.count_use(connection, person_id, limit=self._use_limit)
        if key is None:
            raise _why_not(connection, person_id)
        return envelope.seal(self._unwrapped(key), key.id, self._place(person_id, cell), plaintext, self._algorithm)

    def open(self, connection: Connection, person_id: str, cell: Cell, sealed: bytes) -> bytes:
        """What was sealed for this person and cell. Raises PersonErased, DecryptFailed."""
        try:
            return self._opened(connection, person_id, cell, sealed)
        except DecryptFailed:
            self._note(
                Event(Kind.DECRYPT_FAILED, Outcome.FAILED, person=person_id, reason=f"{cell.table}.{cell.column}")
            )
            raise

    def feature_key(self, connection: Connection, person_id: str) -> bytes:
        """The key (32 bytes) that hashes this person's features; stays the same while their first key lives."""
        return self._derived(connection, person_id, b"features")

    def sender_hash(self, connection: Connection, person_id: str, address: str) -> bytes:
        """One address as a keyed hash (16 bytes), alike for upper and lower case."""
        return self.sender_hashes(connection, person_id, [address])[0]

    def sender_hashes(self, connection: Connection, person_id: str, addresses: Sequence[str]) -> list[bytes]:
        """A page of addresses as keyed hashes (16 bytes each), in order."""
        key = self._derived(connection, person_id, b"senders")
        folded = (address.casefold().encode(errors="surrogatepass") for address in addresses)
        return [hmac.digest(key, address, "sha256")[:SENDER_HASH_BYTES] for address in folded]

    def mark_hashes(
        self, connection: Connection, person_id: str, mailbox_id: str, marks: Sequence[tuple[str, str]]
    ) -> list[bytes]:
        """Marks of mail (kind, exact form) as keyed hashes (32 bytes each), in order; another mailbox has others."""
        key = self._derived(connection, person_id, b"marks")
        return [hmac.digest(key, _framed(mailbox_id, kind, form), "sha256") for kind, form in marks]

    def pseudonym(self, connection: Connection, person_id: str, of: str) -> bytes:
        """What stands for an id (16 bytes) in the audit log; without the person's key nobody can tell for whom."""
        key = self._derived(connection, person_id, b"pseudonyms")
        return hmac.digest(key, of.encode(), "sha256")[:PSEUDONYM_BYTES]

    def erase_key(self, connection: Connection, person_id: str) -> Erasure:
        """Tombstone and destroyed keys in one transaction; then people.erase_rows, and engine.scrub. Repeatable."""
        erased_at = people.tombstone(connection, person_id, now=self._now())
        person_keys.destroy(connection, person_id)
        # Whatever wrapped the key was made before now, so it is gone one life of a KEK later.
        return Erasure(person_id, erased_at, erased_at + KEK_LIFE)

    def renew(self, engine: Engine) -> str | None:
        """Daily and at start: a new KEK when due, everyone re-wrapped, those past their life destroyed. Resumable.

        Returns the id of the new KEK if one was due.
        """
        now = self._now()
        due = self._keyring.newest(Purpose.KEK).created_at + KEK_USE <= now
        made = self._keyring.rotate(Purpose.KEK, now=now).id if due else None
        self._retire(engine, created_before=now - KEK_LIFE)
        return made

    def renew_at_once(self, engine: Engine) -> None:
        """A new KEK now and all older ones destroyed: no copy or backup of the database from before opens any more."""
        self._keyring.rotate(Purpose.KEK, now=self._now())
        self._retire(engine, created_before=self._now())

    def rewrap(self, connection: Connection, *, after: str = "", limit: int = REWRAP_PAGE) -> str | None:
        """Put a page of keys (ids above `after`) under the newest KEK; returns the last id, None at the end."""
        newest = self._keyring.newest(Purpose.KEK)
        page = person_keys.not_under(connection, newest.id, after=after, limit=limit)
        for key in page:
            self._rewrap(connection, key)
        return page[-1].id if page else None

    def rewrap_all(self, engine: Engine) -> None:
        """Put everybody's keys under the newest KEK, page by page. Resumable."""
        after: str | None = ""
        while after is not None:
            with engine.begin() as connection:
                after = self.rewrap(connection, after=after)

    def _opened(self, connection: Connection, person_id: str, cell: Cell, sealed: bytes) -> bytes:
        key = person_keys.by_id(connection, person_id, envelope.split(sealed).key_id)
        if key is None:
            _refuse_erased(connection, person_id)
            raise DecryptFailed
        return envelope.open(self._unwrapped(key), self._place(person_id, cell), sealed)

    def _retire(self, engine: Engine, *, created_before: int) -> None:
        self.rewrap_all(engine)
        older = self._keyring.all(Purpose.KEK)[1:]
        if overdue := [key.id for key in older if key.created_at <= created_before]:
            self._keyring.destroy(overdue)

    def _rewrap(self, connection: Connection, key: PersonKey) -> None:
        if not self._opens(key):
            return  # a damaged row must not keep everyone's old KEK alive; its owner's next sign-in makes a new key
        kek, place = self._keyring.newest(Purpose.KEK), self._wrapping_place(key.person_id, key.id)
        wrapped = envelope.seal(kek.secret, kek.id, place, self._unwrapped(key), self._algorithm)
        person_keys.rewrap(connection, key.id, kek_id=kek.id, wrapped=wrapped)

    def _wrapped(self, person_id: str, generation: int) -> PersonKey:
        kek, key_id = self._keyring.newest(Purpose.KEK), ids.new("dek")
        place = self._wrapping_place(person_id, key_id)
        wrapped = envelope.seal(kek.secret, kek.id, place, secrets.token_bytes(KEY_BYTES), self._algorithm)
        return PersonKey(key_id, person_id, kek.id, wrapped, 0, generation, self._now())

    def _unwrapped(self, key: PersonKey) -> bytes:
        kek = self._keyring.kek(key.kek_id)
        if kek is None:
            raise DecryptFailed
        return envelope.open(kek.secret, self._wrapping_place(key.person_id, key.id), key.wrapped)

    def _opens(self, key: PersonKey) -> bool:
        try:
            self._unwrapped(key)
        except DecryptFailed:
            return False
        return True

    def _derived(self, connection: Connection, person_id: str, info: bytes) -> bytes:
        keys = person_keys.of_person(connection, person_id)
        if not keys:
            raise _why_not(connection, person_id)
        first = next((key for key in keys if self._opens(key)), keys[0])
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._unwrapped(first))

    def _place(self, person_id: str, cell: Cell) -> Sequence[str]:
        return ("cell", self._deployment, person_id, *cell)

    def _wrapping_place(self, person_id: str, key_id: str) -> Sequence[str]:
        return ("wrap", self._deployment, person_id, key_id)

    def _blind_index(self, *parts: str) -> bytes:
        return hmac.digest(self._keyring.newest(Purpose.BLIND_INDEX).secret, _framed(*parts), "sha256")


def _framed(*parts: str) -> bytes:
    """The parts, each behind its length: no two lists of parts are the same bytes."""
    encoded = [part.encode(errors="surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _refuse_erased(connection: Connection, person_id: str, *, held: bool = False) -> None:
    try:
        person = (people.lock if held else people.get)(connection, person_id)
    except RowAbsent:
        raise KeyAbsent("there is no such person; sign in first") from None
    if person.erased_at is not None:
        raise PersonErased("this person was erased; nothing about them is kept or read again")


def _why_not(connection: Connection, person_id: str) -> Exception:
    _refuse_erased(connection, person_id)
    if person_keys.of_person(connection, person_id):
        return KeyExhausted("this person's key has sealed as much as it safely may; sign in again for a new one")
    return KeyAbsent("this person has no key; sign in first")
