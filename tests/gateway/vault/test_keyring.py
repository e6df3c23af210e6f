"""The keyring: private files in the right place, separate keys, replaced one by one and safely."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.vault.errors import KeyringRefused
from gateway.vault.keyring import _ADDED, Key, Keyring, Purpose
from gateway.vault.root import FileRoot

NOW = 1_700_000_000_000
ADDED = [Purpose.AUDIT, Purpose.ATTESTATION]  # later than the others


@pytest.fixture
def root_file(tmp_path: Path) -> Path:
    return tmp_path / "root.key"


@pytest.fixture
def keys_file(data_folder: Path) -> Path:
    return data_folder / "keys"


def _open(keyring: Keyring, root_file: Path) -> Keyring:
    return Keyring.open(FileRoot(root_file, data_folder=keyring._file.parent), keyring._file)


def test_created_keys_come_back(keyring: Keyring, root_file: Path) -> None:
    """Open reads what create wrote: one key for each purpose, all different."""
    again = _open(keyring, root_file)
    assert again._keys == keyring._keys
    assert [key.purpose for key in again._keys] == list(Purpose)
    assert len({key.secret for key in again._keys} | {root_file.read_bytes()}) == len(Purpose) + 1


def test_both_files_are_private_and_the_keys_are_not_in_the_clear(
    keyring: Keyring, root_file: Path, keys_file: Path
) -> None:
    """0600 from the start; the keys file holds no key's bytes, in no spelling that it is written in."""
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root_file, keys_file)} == {0o600}
    assert len(root_file.read_bytes()) == 32
    content = keys_file.read_bytes()
    assert not any(key.secret in content or key.id.encode() in content for key in keyring._keys)


@pytest.mark.parametrize("which", ["root.key", "data/keys"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_file_open_to_others_is_refused(keyring: Keyring, tmp_path: Path, which: str, mode: int) -> None:
    """A single bit for group or others, and the gateway doesn't start; the message says what to do."""
    (tmp_path / which).chmod(mode)
    with pytest.raises(KeyringRefused, match="chmod 600"):
        _open(keyring, tmp_path / "root.key")


def test_the_root_key_must_lie_outside_the_data_folder(data_folder: Path, keys_file: Path, tmp_path: Path) -> None:
    """A copy of the data folder must not open itself, also when the path goes round through a link."""
    (tmp_path / "link").symlink_to(data_folder)
    for inside in (data_folder / "root.key", data_folder / "a" / "root.key", tmp_path / "link" / "root.key"):
        with pytest.raises(KeyringRefused, match="data folder"):
            Keyring.create(FileRoot(inside, data_folder=data_folder), keys_file, now=NOW)
    assert not list(data_folder.iterdir())


def test_every_flipped_byte_of_the_keys_file_is_refused(keyring: Keyring, root_file: Path, keys_file: Path) -> None:
    """The keys are one sealed whole: none can be changed, dropped or added."""
    content = keys_file.read_bytes()
    for place in range(0, len(content), 7):
        keys_file.write_bytes(content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :])
        with pytest.raises(KeyringRefused, match="belongs together"):
            _open(keyring, root_file)


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - _ADDED))
def test_a_keys_file_without_a_key_for_each_purpose_is_refused(
    keyring: Keyring, root_file: Path, purpose: Purpose
) -> None:
    """Refused at the door, not when the key is first needed."""
    keyring._change(lambda keys: tuple(key for key in keys if key.purpose is not purpose))
    with pytest.raises(KeyringRefused, match="lacks a key"):
        _open(keyring, root_file)


@pytest.mark.parametrize("purpose", sorted(_ADDED))
def test_a_key_for_a_newer_purpose_is_made_once(keyring: Keyring, root_file: Path, purpose: Purpose) -> None:
    """A keys file from before there was that purpose opens, and whoever opens it next finds the same key."""
    keyring._change(lambda keys: tuple(key for key in keys if key.purpose is not purpose))
    made = _open(keyring, root_file).newest(purpose)
    assert _open(keyring, root_file).all(purpose) == [made]


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(33), b"\n" * 32])
def test_a_wrong_root_key_is_refused(keyring: Keyring, root_file: Path, content: bytes) -> None:
    """Too short, too long, or simply another."""
    root_file.write_bytes(content)
    with pytest.raises(KeyringRefused):
        _open(keyring, root_file)


def test_missing_files_are_refused_and_not_made(root_file: Path, keys_file: Path, data_folder: Path) -> None:
    """Open never creates: new keys in the place of lost ones would make everything unreadable in silence."""
    with pytest.raises(KeyringRefused, match="restore it"):
        Keyring.open(FileRoot(root_file, data_folder=data_folder), keys_file)
    assert not root_file.exists()
    assert not keys_file.exists()


def test_create_replaces_nothing(keyring: Keyring, root_file: Path, keys_file: Path, data_folder: Path) -> None:
    """A keys file that is there stays; a root key that was provided (a mounted secret) is used."""
    before, given = keys_file.read_bytes(), root_file.read_bytes()
    with pytest.raises(KeyringRefused, match="exists"):
        Keyring.create(FileRoot(root_file, data_folder=data_folder), keys_file, now=NOW)
    assert keys_file.read_bytes() == before
    other = Keyring.create(FileRoot(root_file, data_folder=data_folder), data_folder / "other", now=NOW)
    assert root_file.read_bytes() == given
    assert keyring.all(Purpose.KEK) != other.all(Purpose.KEK)


def test_rotation_keeps_the_old_until_destroyed(keyring: Keyring, root_file: Path) -> None:
    """After a rotation both are there, newest first; after destroying, the old one is gone from memory and disk."""
    old = keyring.newest(Purpose.KEK)
    new = keyring.rotate(Purpose.KEK, now=NOW + 1)
    assert keyring.all(Purpose.KEK) == _open(keyring, root_file).all(Purpose.KEK) == [new, old]
    keyring.destroy([old.id])
    assert keyring.kek(old.id) is None
    assert _open(keyring, root_file).all(Purpose.KEK) == [new]


def test_a_key_in_use_can_not_be_destroyed(keyring: Keyring) -> None:
    """Each purpose always has a key."""
    for purpose in Purpose:
        with pytest.raises(KeyringRefused, match="in use"):
            keyring.destroy([keyring.newest(purpose).id])


def test_the_blind_index_can_not_be_rotated(keyring: Keyring) -> None:
    """Everybody is found through it."""
    with pytest.raises(KeyringRefused, match="blind-index"):
        keyring.rotate(Purpose.BLIND_INDEX, now=NOW)


def test_processes_see_each_others_new_keys(keyring: Keyring, root_file: Path) -> None:
    """Rotations at the same time are all kept, and a KEK that another process made is found when it is needed."""
    others = [_open(keyring, root_file) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda one: one.rotate(Purpose.KEK, now=NOW), others))
    assert [keyring.kek(key.id) for key in made] == made


def test_signing_keys_are_p256_newest_first(keyring: Keyring) -> None:
    """With the moment at which each was made; the older one stays until it is destroyed."""
    (old,) = keyring.signing_keys()
    keyring.rotate(Purpose.ACCESS_TOKEN, now=NOW + 1)
    new, kept = keyring.signing_keys()
    assert isinstance(new.key.curve, ec.SECP256R1)
    assert (new.created_at, kept.created_at, kept.id) == (NOW + 1, NOW, old.id)
    assert new.key.private_numbers() != kept.key.private_numbers() == old.key.private_numbers()


def test_a_signing_key_of_another_curve_is_refused(keyring: Keyring) -> None:
    """P-384 signs ES384; whoever put it there is told to rotate."""
    other = ec.generate_private_key(ec.SECP384R1())
    secret = other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    keyring._change(lambda keys: (*keys, Key("key_other", Purpose.ACCESS_TOKEN, NOW, secret)))
    with pytest.raises(KeyringRefused, match="P-256"):
        keyring.signing_keys()


def test_another_process_s_rotation_is_taken_over(keyring: Keyring, root_file: Path) -> None:
    """A running gateway looks again, and sees new keys and destroyed ones; an unreadable file changes nothing."""
    running = _open(keyring, root_file)
    new = keyring.rotate(Purpose.ACCESS_TOKEN, now=NOW + 1)
    running.look_again()
    assert running.all(Purpose.ACCESS_TOKEN) == keyring.all(Purpose.ACCESS_TOKEN)
    keyring.destroy([keyring.all(Purpose.ACCESS_TOKEN)[1].id])
    running.look_again()
    assert running.all(Purpose.ACCESS_TOKEN) == [new]
    keyring._file.chmod(0o644)
    os.utime(keyring._file, ns=(1, 1))
    with pytest.raises(KeyringRefused):
        running.look_again()
    assert running.all(Purpose.ACCESS_TOKEN) == [new]


def test_no_secret_is_printed(keyring: Keyring) -> None:
    """A key in a log or a traceback is an id."""
    shown = repr(keyring._keys) + repr(keyring)
    assert not any(repr(key.secret)[2:-1] in shown for key in keyring._keys)
    assert all(key.id in shown for key in keyring._keys)
