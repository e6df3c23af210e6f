"""The root in a hardware security module or a key service that speaks PKCS#11: the key never leaves it.

What is sealed is under a fresh key of its own, which the module wraps:

    sealed  = u16be length of wrapped || wrapped || envelope under the fresh key
    wrapped = 96-bit random nonce || AES-256-GCM of the fresh key under the module's key, _BOUND authenticated

The module is asked at start and when keys rotate, never by a request. Works with whatever offers CKM_AES_GCM: SoftHSM,
YubiHSM, CloudHSM, Luna, or a cloud's key service behind its PKCS#11 library. Needs the extra `hsm` of this package;
nothing else imports this module.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass

from gateway.vault import envelope
from gateway.vault.envelope import KEY_BYTES, NONCE_BYTES
from gateway.vault.errors import DecryptFailed, KeyringRefused
from gateway.vault.hsm_settings import HsmSettings

_BOUND: Final = b"mail-organiser/root/1"
_ID: Final = "hsm"
_LENGTH: Final = 2  # bytes of the wrapped key's length
_TAG_BITS: Final = 128
_UNREACHABLE: Final = (
    "root_hsm: the module does not give its key; check the library, the labels of token and key, and the PIN"
)


class HsmRoot:
    """The root behind PKCS#11. A session for each use: there are few, and nothing has to notice one that was lost."""

    def __init__(self, settings: HsmSettings) -> None:
        self._settings = settings

    def prepare(self) -> None:
        """An AES-256 key that can't be taken out, unless one of this label is there."""
        inside = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        with self._session(writing=True) as session:
            if not list(session.get_objects(self._named)):
                session.generate_key(KeyType.AES, KEY_BYTES * 8, label=self._settings.key, store=True, template=inside)

    def seal(self, place: Sequence[str], plaintext: bytes) -> bytes:
        """Under a key of its own, which the module wraps."""
        fresh, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
        with self._session() as session:
            wrapped = nonce + bytes(self._key(session).encrypt(fresh, **_gcm(nonce)))
        return len(wrapped).to_bytes(_LENGTH, "big") + wrapped + envelope.seal(fresh, _ID, place, plaintext)

    def open(self, place: Sequence[str], sealed: bytes) -> bytes:
        """What was sealed for this place, if the module opens the key that it is under."""
        end = _LENGTH + int.from_bytes(sealed[:_LENGTH], "big")
        with self._session() as session:
            fresh = _unwrapped(self._key(session), sealed[_LENGTH:end])
        return envelope.open(fresh, place, sealed[end:])

    def destroy(self) -> None:
        """Destroys the key in the module."""
        with self._session(writing=True) as session:
            for key in list(session.get_objects(self._named)):
                key.destroy()

    @property
    def _named(self) -> dict[Any, Any]:
        return {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._settings.key}

    def _key(self, session: Any) -> Any:
        return session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=self._settings.key)

    @contextmanager
    def _session(self, *, writing: bool = False) -> Iterator[Any]:
        try:
            token = pkcs11.lib(str(self._settings.module)).get_token(token_label=self._settings.token)
            with token.open(user_pin=self._settings.pin.text(), rw=writing) as session:
                yield session
        except (pkcs11.PKCS11Error, RuntimeError):
            raise KeyringRefused(_UNREACHABLE) from None


def _unwrapped(key: Any, wrapped: bytes) -> bytes:
    if len(wrapped) != NONCE_BYTES + KEY_BYTES + _TAG_BITS // 8:
        raise DecryptFailed
    try:
        return bytes(key.decrypt(wrapped[NONCE_BYTES:], **_gcm(wrapped[:NONCE_BYTES])))
    except pkcs11.PKCS11Error:
        raise DecryptFailed from None


def _gcm(nonce: bytes) -> dict[str, Any]:
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, _BOUND, _TAG_BITS)}
