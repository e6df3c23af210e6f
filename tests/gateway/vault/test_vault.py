"""What is kept about a person opens for that person, in its cell, while their key lives."""

import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from gateway.store import ids, people, person_keys, reading
from gateway.store.tables import person_key
from gateway.vault import envelope
from gateway.vault.errors import DecryptFailed, KeyAbsent, KeyExhausted, PersonErased
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.root import FileRoot
from gateway.vault.vault import Cell, Vault

CELL = Cell("folder", "fld_1", "name_sealed")
TEXT = b"Steuer 2025"


@pytest.fixture
def person(new_person: Callable[[], str]) -> str:
    return new_person()


def test_seals_and_opens(engine: Engine, vault: Vault, person: str) -> None:
    """The value comes back; what is stored does not show it."""
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
    with reading(engine) as connection:
        assert vault.open(connection, person, CELL, sealed) == TEXT
    assert TEXT not in sealed


def test_swapped_rows_columns_tables_or_persons_do_not_open(
    engine: Engine, vault: Vault, person: str, new_person: Callable[[], str]
) -> None:
    """Of all places, each sealed value opens in its own only."""
    other = new_person()
    cells = [CELL, CELL._replace(row_id="fld_2"), CELL._replace(column="description_sealed"), CELL._replace(table="x")]
    places = [(who, cell) for who in (person, other) for cell in cells]
    with engine.begin() as connection:
        sealed = {place: vault.seal(connection, *place, TEXT) for place in places}
        for mine, theirs in permutations(places, 2):
            with pytest.raises(DecryptFailed):
                vault.open(connection, *mine, sealed[theirs])


def test_another_deployment_does_not_open(engine: Engine, vault: Vault, keyring: Keyring, person: str) -> None:
    """The same keys under another deployment's name open nothing, not even the person's key."""
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
        with pytest.raises(DecryptFailed):
            Vault(keyring, "production").open(connection, person, CELL, sealed)


def test_any_flipped_byte_refuses_alike(engine: Engine, vault: Vault, person: str) -> None:
    """In the value, in the wrapped key, or in the ids around it: one error, one sentence."""
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
        (key,) = person_keys.of_person(connection, person)
        for place in range(len(sealed)):
            _refused(lambda place=place: vault.open(connection, person, CELL, _flipped(sealed, place)))  # type: ignore[misc]  # bound now
        for place in range(len(key.wrapped)):
            person_keys.rewrap(connection, key.id, kek_id=key.kek_id, wrapped=_flipped(key.wrapped, place))
            _refused(lambda: vault.open(connection, person, CELL, sealed))
        person_keys.rewrap(connection, key.id, kek_id=ids.new("kek"), wrapped=key.wrapped)
        _refused(lambda: vault.open(connection, person, CELL, sealed))


def test_one_persons_wrapped_key_is_no_use_in_anothers_row(
    engine: Engine, vault: Vault, person: str, new_person: Callable[[], str]
) -> None:
    """Wrapping is bound to the person and the key id: swapped in the table, neither opens."""
    other = new_person()
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
        (mine,), (theirs,) = (person_keys.of_person(connection, who) for who in (person, other))
        person_keys.rewrap(connection, mine.id, kek_id=theirs.kek_id, wrapped=theirs.wrapped)
        _refused(lambda: vault.open(connection, person, CELL, sealed))
        _refused(lambda: vault.seal(connection, person, CELL, TEXT))


def test_the_authenticated_data_is_what_the_specification_lists(
    engine: Engine, vault: Vault, keyring: Keyring, person: str
) -> None:
    """Cell: deployment, person, table, row, column. Wrapping: deployment, person, key id. Headers hold key ids."""
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
        (key,) = person_keys.of_person(connection, person)
    dek = envelope.open(keyring.newest(Purpose.KEK).secret, ("wrap", "test", person, key.id), key.wrapped)
    assert envelope.open(dek, ("cell", "test", person, "folder", "fld_1", "name_sealed"), sealed) == TEXT
    assert envelope.split(key.wrapped).key_id == keyring.newest(Purpose.KEK).id
    assert envelope.split(sealed).key_id == key.id


def test_uses_are_counted_with_the_ciphertext_and_end_at_the_limit(
    engine: Engine, keyring: Keyring, person: str
) -> None:
    """With a limit of 5: five seals, a refusal that counts nothing, and a new key at the next sign-in."""
    vault = Vault(keyring, "test", use_limit=5)
    with engine.begin() as connection:
        sealed = [vault.seal(connection, person, CELL, TEXT) for _ in range(5)]
        for _ in range(2):
            with pytest.raises(KeyExhausted):
                vault.seal(connection, person, CELL, TEXT)
        assert [key.uses for key in person_keys.of_person(connection, person)] == [5]
        features = vault.feature_key(connection, person)
        vault.create_key(connection, person)
        assert vault.open(connection, person, CELL, vault.seal(connection, person, CELL, b"new")) == b"new"
        assert [vault.open(connection, person, CELL, one) for one in sealed] == [TEXT] * 5
        assert [key.uses for key in person_keys.of_person(connection, person)] == [5, 1]
        assert vault.feature_key(connection, person) == features


def test_a_rolled_back_transaction_takes_its_count_along(engine: Engine, vault: Vault, person: str) -> None:
    """Count and ciphertext are written together or not at all."""
    with engine.connect() as connection:
        vault.seal(connection, person, CELL, TEXT)
        connection.rollback()
        assert [key.uses for key in person_keys.of_person(connection, person)] == [0]


def test_threads_together_never_pass_the_limit(engine: Engine, keyring: Keyring, person: str) -> None:
    """30 attempts from 6 threads at a limit of 10: ten succeed."""
    vault = Vault(keyring, "test", use_limit=10)

    def seal(_: int) -> bool:
        try:
            with engine.begin() as connection:
                vault.seal(connection, person, CELL, TEXT)
        except KeyExhausted:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(seal, range(30))) == 10


def test_a_key_is_made_at_sign_in_only(engine: Engine, vault: Vault) -> None:
    """Nothing but create_key ever makes one; a second sign-in finds the same."""
    with engine.begin() as connection:
        person = people.create(connection, b"index", now=1).id
        for use in (vault.feature_key, lambda c, p: vault.seal(c, p, CELL, TEXT)):
            for who in (person, ids.new("per")):
                with pytest.raises(KeyAbsent):
                    use(connection, who)
        assert connection.execute(select(person_key)).all() == []
        assert vault.create_key(connection, person) == vault.create_key(connection, person)
        with pytest.raises(KeyAbsent):
            vault.create_key(connection, ids.new("per"))


def test_a_lost_kek_is_one_error_and_the_next_sign_in_goes_on(
    engine: Engine, vault: Vault, tmp_path: Path, data_folder: Path, person: str
) -> None:
    """With other keys than those that sealed: typed refusals, and after signing in the person works again."""
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
    other = Keyring.create(FileRoot(tmp_path / "root.key", data_folder=data_folder), data_folder / "other", now=1)
    restored = Vault(other, "test")
    with engine.begin() as connection:
        for use in (restored.feature_key, lambda c, p: restored.seal(c, p, CELL, TEXT)):
            _refused(lambda use=use: use(connection, person))  # type: ignore[misc]  # bound now
        _refused(lambda: restored.open(connection, person, CELL, sealed))
        restored.create_key(connection, person)
        assert restored.open(connection, person, CELL, restored.seal(connection, person, CELL, TEXT)) == TEXT
        assert len(restored.feature_key(connection, person)) == 32


def test_derived_keys_and_hashes_are_a_persons_own(
    engine: Engine, vault: Vault, person: str, new_person: Callable[[], str]
) -> None:
    """Stable for one person, different for two; the sender key is not the feature key; case does not matter."""
    other = new_person()
    with reading(engine) as connection:
        features = [vault.feature_key(connection, who) for who in (person, person, other)]
        hashes = [vault.sender_hash(connection, who, "Erika@Example.org") for who in (person, other)]
        page = vault.sender_hashes(connection, person, ["erika@example.org", "max@example.org", "\ud800"])
    assert features[0] == features[1] != features[2]
    assert hashes[0] == page[0] != hashes[1]
    assert len({*page, *hashes}) == 4
    assert {len(one) for one in page} == {16}
    assert page[0] != hmac.digest(features[0], b"erika@example.org", "sha256")[:16]


def test_mark_hashes_are_of_one_person_mailbox_and_kind(
    engine: Engine, vault: Vault, person: str, new_person: Callable[[], str]
) -> None:
    """Whole, stable and in order; another kind, mailbox or person, and the sender hash of the address, are others."""
    other, address = new_person(), "erika@example.org"
    with reading(engine) as connection:
        own = vault.mark_hashes(
            connection, person, "mbx_1", [("sender", address), ("text", address), ("text", "\ud800")]
        )
        again = vault.mark_hashes(connection, person, "mbx_1", [("text", address)])
        elsewhere = vault.mark_hashes(connection, person, "mbx_2", [("sender", address)])
        shifted = vault.mark_hashes(connection, person, "mbx_1s", [("ender", address)])
        theirs = vault.mark_hashes(connection, other, "mbx_1", [("sender", address)])
        grouping = vault.sender_hash(connection, person, address)
    assert again == own[1:2]
    assert len({*own, *elsewhere, *shifted, *theirs}) == 6
    assert {len(one) for one in own} == {32}
    assert own[0][: len(grouping)] != grouping


def test_blind_indexes_find_one_account_and_tell_nothing(vault: Vault, keyring: Keyring) -> None:
    """Keyed, stable, length-prefixed, and of no use across kinds."""
    assert vault.subject_index("tenant", "object") == Vault(keyring, "elsewhere").subject_index("tenant", "object")
    different = [vault.subject_index("tenant", "object"), vault.subject_index("tenanto", "bject")]
    assert len({*different, vault.mailbox_index("tenant", "object")}) == 3


def test_new_kek_generations_keep_everybody_readable(
    engine: Engine, vault: Vault, keyring: Keyring, new_person: Callable[[], str]
) -> None:
    """Re-wrapped page by page; a crash between two pages is picked up again, and nothing is lost."""
    persons = [new_person() for _ in range(5)]
    with engine.begin() as connection:
        sealed = {who: vault.seal(connection, who, CELL, who.encode()) for who in persons}
    new = keyring.rotate(Purpose.KEK, now=keyring.newest(Purpose.KEK).created_at)
    with engine.begin() as connection:
        vault.rewrap(connection, limit=2)
    with reading(engine) as connection:
        assert _keks(engine).count(new.id) == 2
        assert all(vault.open(connection, who, CELL, one) == who.encode() for who, one in sealed.items())
    vault.renew(engine)
    with reading(engine) as connection:
        assert set(_keks(engine)) == {new.id}
        assert all(vault.open(connection, who, CELL, one) == who.encode() for who, one in sealed.items())


def test_one_damaged_key_does_not_stop_the_others(
    engine: Engine, vault: Vault, keyring: Keyring, person: str, new_person: Callable[[], str]
) -> None:
    """Renewal goes past it, and its owner's next sign-in makes a new key."""
    well = new_person()
    old = keyring.newest(Purpose.KEK)
    with engine.begin() as connection:
        connection.execute(update(person_key).where(person_key.c.person_id == person).values(wrapped=b"damaged"))
    vault.renew_at_once(engine)
    with engine.begin() as connection:
        assert person_keys.of_person(connection, person)[0].kek_id == old.id
        assert person_keys.of_person(connection, well)[0].kek_id == keyring.newest(Purpose.KEK).id
        vault.create_key(connection, person)
        assert vault.open(connection, person, CELL, vault.seal(connection, person, CELL, TEXT)) == TEXT


def test_an_erased_person_stays_erased(engine: Engine, vault: Vault, person: str) -> None:
    """No seal, no open, no derived key, no new key; not even when a restore brings the wrapped key back."""
    with engine.begin() as connection:
        sealed = vault.seal(connection, person, CELL, TEXT)
        (key,) = person_keys.of_person(connection, person)
        vault.erase_key(connection, person)
        assert connection.execute(select(person_key)).all() == []
        for restored in (False, True):
            if restored:
                person_keys.add(connection, key)
            for use in (
                lambda: vault.seal(connection, person, CELL, TEXT),
                lambda: vault.open(connection, person, CELL, sealed),
                lambda: vault.feature_key(connection, person),
                lambda: vault.sender_hash(connection, person, "a@b"),
                lambda: vault.mark_hashes(connection, person, "mbx_1", [("sender", "a@b")]),
                lambda: vault.create_key(connection, person),
            ):
                with pytest.raises(PersonErased):
                    use()


def _keks(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(person_key.c.kek_id)).scalars())


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :]


def _refused(use: Callable[[], object]) -> None:
    with pytest.raises(DecryptFailed) as caught:
        use()
    assert str(caught.value) == str(DecryptFailed())
    assert caught.value.__cause__ is None
