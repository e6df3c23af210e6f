"""Where the next page of a list begins: a signed number, so that no client can ask for what it was not offered."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from chassis.errors import InvalidArgument

_MAC = 16  # bytes; a forged cursor is worth one wrong page of one's own list


class Cursors:
    """Signs and opens cursors. list_name binds a cursor to the list that it was made for."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, list_name: str, after: int) -> str:
        """An opaque cursor behind this sequence number."""
        position = after.to_bytes(8, "big")
        return urlsafe_b64encode(position + self._mac(list_name, position)).decode().rstrip("=")

    def open(self, list_name: str, cursor: str | None) -> int:
        """The number behind which to go on, -1 for the first page; InvalidArgument for a cursor of another list."""
        if cursor is None:
            return -1
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (Error, ValueError):
            raw = b""
        position, mac = raw[:8], raw[8:]
        if not hmac.compare_digest(mac, self._mac(list_name, position)):
            raise InvalidArgument("cursor: use next_cursor of the page before, or leave it out")
        return int.from_bytes(position, "big")

    def _mac(self, list_name: str, position: bytes) -> bytes:
        return hmac.digest(self._key, list_name.encode() + b"\0" + position, "sha256")[:_MAC]
