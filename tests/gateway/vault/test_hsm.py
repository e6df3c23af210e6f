"""The root in a real PKCS#11 module (SoftHSM): sealed and opened there, its key never out of it."""

from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, ObjectClass

from chassis.secret_file import SecretFile
from gateway.vault.errors import DecryptFailed, KeyringRefused
from gateway.vault.hsm import HsmRoot
from gateway.vault.hsm_settings import HsmSettings
from gateway.vault.keyring import Keyring, Purpose

PLACE = ("keys",)
NOW = 1_700_000_000_000


@pytest.fixture
def settings(module_settings: Callable[[], HsmSettings]) -> HsmSettings:
    return module_settings()


@pytest.fixture
def root(settings: HsmSettings) -> HsmRoot:
    made = HsmRoot(settings)
    made.prepare()
    return made


def test_what_is_sealed_opens_in_its_place_alone(root: HsmRoot, settings: HsmSettings) -> None:
    """In another process's session as well, and nowhere else."""
    sealed = root.seal(PLACE, b"the keys")
    assert HsmRoot(settings).open(PLACE, sealed) == b"the keys"
    with pytest.raises(DecryptFailed):
        root.open(("elsewhere",), sealed)


def test_any_changed_byte_and_any_cut_refuses_alike(root: HsmRoot) -> None:
    """Of the wrapped key and of what is under it."""
    sealed = root.seal(PLACE, b"the keys")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 0x41
        with pytest.raises(DecryptFailed):
            root.open(PLACE, bytes(changed))
    for end in (0, 1, 2, 30, len(sealed) - 1):
        with pytest.raises(DecryptFailed):
            root.open(PLACE, sealed[:end])


def test_the_key_can_not_be_taken_out(root: HsmRoot, settings: HsmSettings) -> None:
    """Sensitive and not extractable: not even the PIN's holder reads it."""
    root.seal(PLACE, b"")
    token = pkcs11.lib(str(settings.module)).get_token(token_label=settings.token)
    with token.open(user_pin=settings.pin.text()) as session:
        key = session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=settings.key)
        assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


def test_preparing_twice_makes_one_key(root: HsmRoot) -> None:
    """A second start must not leave what was sealed unreadable."""
    sealed = root.seal(PLACE, b"the keys")
    root.prepare()
    assert root.open(PLACE, sealed) == b"the keys"


def test_another_key_of_the_same_token_does_not_open(root: HsmRoot, settings: HsmSettings) -> None:
    """The label is the key."""
    other = HsmRoot(settings.model_copy(update={"key": "other"}))
    other.prepare()
    with pytest.raises(DecryptFailed):
        other.open(PLACE, root.seal(PLACE, b"the keys"))


@pytest.mark.parametrize("wrong", ["module", "token", "key", "pin"])
def test_a_module_that_is_not_there_or_does_not_let_us_in_is_refused_in_words(
    root: HsmRoot, settings: HsmSettings, tmp_path: Path, wrong: str
) -> None:
    """One sentence for all, without the PIN."""
    sealed = root.seal(PLACE, b"the keys")
    pin = tmp_path / "wrong-pin"
    pin.write_text("00000000")
    pin.chmod(0o600)
    instead = {"module": tmp_path / "none.so", "token": "none", "key": "none", "pin": SecretFile(pin)}
    with pytest.raises(KeyringRefused, match="root_hsm") as refused:
        HsmRoot(settings.model_copy(update={wrong: instead[wrong]})).open(PLACE, sealed)
    assert "00000000" not in str(refused.value)


def test_a_keyring_lives_under_it(root: HsmRoot, settings: HsmSettings, tmp_path: Path) -> None:
    """Made, opened again, rotated: as under a file."""
    keyring = Keyring.create(root, tmp_path / "keys", now=NOW)
    keyring.rotate(Purpose.KEK, now=NOW + 1)
    again = Keyring.open(HsmRoot(settings), tmp_path / "keys")
    assert [key.id for key in again.all(Purpose.KEK)] == [key.id for key in keyring.all(Purpose.KEK)]
