"""What the vault refuses. The sentences are fixed: none says what was inside, nor which byte was wrong."""


class VaultError(Exception):
    """Base of all that the vault raises on purpose."""


class DecryptFailed(VaultError):
    """It does not open: changed, moved to another place, another person's, or its key is lost. One answer for all."""

    def __init__(self) -> None:
        super().__init__("the sealed value does not open here; discard it and obtain it again")


class KeyExhausted(VaultError):
    """The person's key has sealed as much as it safely may; the next sign-in makes a new one."""


class KeyAbsent(VaultError):
    """The person has no key. Keys are made at sign-in only."""


class PersonErased(VaultError):
    """The person was erased; nothing about them is sealed or opened again."""


class KeyringRefused(VaultError):
    """The root or the keys file is missing, open to others, misplaced, or not what the root key sealed."""
