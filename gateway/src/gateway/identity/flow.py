"""One sign-in under way, and its seal.

A flow holds the PKCE verifier and the nonce, so it is never stored in the clear. It is sealed under a key derived
from a secret that only the browser keeps (in its cookie): the database alone opens nothing, another browser opens
nothing, and no key of ours is needed before there is a person.
"""

import secrets
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.store.codes import Access

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12  # AES-GCM; each key seals one flow, once
_PURPOSE: Final = b"mail-organiser sign-in flow v1"


class FlowSealed(Exception):
    """The seal does not open: another browser's secret, or a changed row."""


class Caller(msgspec.Struct, frozen=True):
    """Who was signed in here when the flow began, and in which session; it must be live when the flow ends."""

    person_id: str
    session_id: str


class Wanted(msgspec.Struct, frozen=True):
    """What a sign-in is for.

    access: which pinned set of permissions to ask for. caller: None admits whoever signs in as a person of their own;
    otherwise the account is the caller's: mailbox_id renews that mailbox, None connects one more. claims: JSON of a
    claims challenge that Microsoft wants answered.
    """

    access: Access
    caller: Caller | None = None
    mailbox_id: str | None = None
    claims: str | None = None


class Flow(msgspec.Struct, frozen=True):
    """What completing a sign-in needs. `challenge` is the tab's: it binds the one-time code to the tab."""

    state: str
    nonce: str
    code_verifier: str
    redirect_uri: str
    auth_uri: str
    scope: tuple[str, ...]
    challenge: str
    wanted: Wanted

    def __repr__(self) -> str:
        return "Flow(...)"  # a flow in a traceback or a log must show nothing


def new_secret() -> str:
    """A browser's secret for one sign-in, 256 bits, base64url."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(value: str) -> bytes:
    """SHA-256 of a random value, which is how the database knows it. 32 bytes."""
    return sha256(value.encode()).digest()


def seal(flow: Flow, secret: str) -> bytes:
    """The flow under the browser's secret, bound to its state."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(secret).encrypt(nonce, msgspec.json.encode(flow), digest(flow.state))


def unseal(sealed: bytes, secret: str, state: str) -> Flow:
    """The flow of this state, for who holds the secret. FlowSealed otherwise."""
    try:
        opened = _cipher(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], digest(state))
    except (InvalidTag, ValueError):
        raise FlowSealed from None
    return msgspec.json.decode(opened, type=Flow)


def _cipher(secret: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode()))
