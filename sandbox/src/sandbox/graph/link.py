"""Page tokens that a client can neither read nor make.

Guarantees that a position comes back exactly as it was given out, or not at all: tokens are encrypted and signed under
a key of this database.
"""

import json
import secrets
from typing import Any
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken

from sandbox.database import Database

KEY_NAME = "link-key"


class LinkSeal:
    """Seals and opens the positions in nextLink and deltaLink."""

    def __init__(self, database: Database) -> None:
        self._fernet = Fernet(database.keepsake(KEY_NAME, Fernet.generate_key()))

    def token(self, position: dict[str, Any]) -> str:
        """An opaque token for a position."""
        return self._fernet.encrypt(json.dumps(position | {"salt": secrets.token_hex(4)}).encode()).decode().rstrip("=")

    def position(self, token: str) -> dict[str, Any] | None:
        """The position of a token, or None for a token that this database did not make."""
        padded = token + "=" * (-len(token) % 4)
        try:
            opened: dict[str, Any] = json.loads(self._fernet.decrypt(padded.encode("ascii", "replace")))
        except InvalidToken:
            return None
        return opened


def list_link(base_url: str, path: str, token: str) -> str:
    """A nextLink of a list: the path as asked, the token instead of the options."""
    return f"{base_url}/v1.0{quote(path, safe='/=')}?$skiptoken={token}"


def delta_link(base_url: str, folder: str, option: str, token: str) -> str:
    """A link of a delta round. Graph writes the folder as an OData key here, whatever form the caller used."""
    return f"{base_url}/v1.0/me/mailFolders('{quote(folder, safe='=')}')/messages/delta?{option}={token}"
