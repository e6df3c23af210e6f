r"""The digest of one cleared item, computed alike by sentinel (to sign) and classifier (to verify).

item  = SHA-256("mo/item/v1\0" || u8 purpose || fields in fixed order)
field = u8 present || u32be length || the exact UTF-8 bytes of the wire, no normalising
"""

from hashlib import sha256

from mail_organiser.columns import FolderText, MessageText

DOMAIN = b"mo/item/v1\0"
_ABSENT = bytes(5)


def message_digest(purpose: int, message: MessageText) -> bytes:
    """32 bytes over every field of a message under one purpose."""
    parts = [DOMAIN, bytes((purpose,)), *map(_field, message[:4]), len(message.recipients).to_bytes(4, "big")]
    return sha256(b"".join(parts + [_field(address) for address in message.recipients])).digest()


def folder_digest(purpose: int, folder: FolderText) -> bytes:
    """32 bytes over a folder's id, name and description."""
    return sha256(b"".join([DOMAIN, bytes((purpose,)), *map(_field, folder)])).digest()


def _field(text: str | None) -> bytes:
    if text is None:
        return _ABSENT
    data = text.encode()
    return b"\x01" + len(data).to_bytes(4, "big") + data
