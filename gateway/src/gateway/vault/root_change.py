"""Two roots while one takes the other's place: either opens the keys, the new one alone seals.

    settings name both -> every process opens under either -> the new one seals the keys -> the former ends

Guarantees: at every moment the keys file is whole under exactly one of the two; the former root is destroyed only when
the new one, asked alone, opens the file.
"""

from collections.abc import Sequence

from gateway.vault.errors import DecryptFailed, KeyringRefused
from gateway.vault.root import SingleRoot


class ChangingRoot:
    """The new root, and the former one for what it still has sealed."""

    def __init__(self, new: SingleRoot, former: SingleRoot) -> None:
        self.new = new
        self.former = former

    def prepare(self) -> None:
        """Makes the new one where it is ours to make."""
        self.new.prepare()

    def seal(self, place: Sequence[str], plaintext: bytes) -> bytes:
        """Under the new one. It is made here, when the keys are open already and their former root is known good."""
        self.new.prepare()
        return self.new.seal(place, plaintext)

    def open(self, place: Sequence[str], sealed: bytes) -> bytes:
        """Under the new one if that is there and sealed it, otherwise under the former."""
        try:
            return self.new.open(place, sealed)
        except DecryptFailed:
            return self.former.open(place, sealed)
        except KeyringRefused as absent:
            return self._by_former(place, sealed, absent)

    def _by_former(self, place: Sequence[str], sealed: bytes, absent: KeyringRefused) -> bytes:
        """The new one is not there; if the former does not open it either, that is what is wrong."""
        try:
            return self.former.open(place, sealed)
        except DecryptFailed:
            raise absent from None
