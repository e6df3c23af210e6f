"""Authorization codes and refresh tokens.

Guarantees that a code works once, within a minute, for the client, address and PKCE challenge it was made for, and that
a refresh token works once: the second use of either revokes every token that came of that sign-in. Refresh tokens are
stored as digests.
"""

import dataclasses
import hashlib
import secrets
from collections.abc import Callable

from sandbox.database import Database

CODE_SECONDS = 60.0  # ours; Entra's is 10 minutes, RFC 9700 wants it short
LIVE, SPENT, REVOKED = "live", "spent", "revoked"


class InvalidGrant(Exception):
    """The code or refresh token doesn't work; the message is a fixed sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Grant:
    """What one sign-in allowed: `scope` as asked, `family` joins all tokens that come of it."""

    client_id: str
    oid: str
    scope: str
    family: str


@dataclasses.dataclass(frozen=True, slots=True)
class Code:
    """A code's terms. `challenge` is PKCE's S256 one."""

    grant: Grant
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires: float


class Grants:
    """Gives out and takes in codes and refresh tokens. `clock` returns seconds that only grow."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self._used: dict[str, str] = {}

    def code(self, grant: Grant, redirect_uri: str, challenge: str, nonce: str | None) -> str:
        """A new code."""
        made = f"1.{secrets.token_urlsafe(48)}"
        self._codes[made] = Code(grant, redirect_uri, challenge, nonce, self._clock() + CODE_SECONDS)
        return made

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier_challenge: str) -> Code:
        """The terms of a code, which is used up by asking; InvalidGrant if any of them isn't met."""
        if code in self._used:
            self.revoke(self._used[code])
            raise InvalidGrant("AADSTS54005: OAuth2 Authorization code was already redeemed.")
        terms = self._codes.pop(code, None)
        if terms is None or terms.expires <= self._clock():
            raise InvalidGrant("AADSTS70008: The provided authorization code has expired or was never given out.")
        self._used[code] = terms.grant.family
        if (terms.grant.client_id, terms.redirect_uri) != (client_id, redirect_uri):
            raise InvalidGrant("AADSTS700005: The code was not given to this client and address.")
        if not secrets.compare_digest(terms.challenge, verifier_challenge):
            raise InvalidGrant("AADSTS501481: The Code_Verifier does not match the code_challenge.")
        return terms

    def refresh_token(self, grant: Grant) -> str:
        """A new refresh token of the grant's family."""
        made = f"1.{secrets.token_urlsafe(64)}"
        values = (_digest(made), grant.family, grant.client_id, grant.oid, grant.scope, LIVE)
        self._database.write("INSERT INTO refresh_token VALUES (?, ?, ?, ?, ?, ?)", *values)
        return made

    def rotate(self, token: str, client_id: str) -> Grant:
        """What a refresh token stands for; asking spends it. InvalidGrant when it was spent before: the family ends."""
        columns = "client_id, oid, scope, family, state"
        found = self._database.row(f"SELECT {columns} FROM refresh_token WHERE digest = ?", _digest(token))  # noqa: S608  # constants
        if found is None or found[0] != client_id:
            raise InvalidGrant("AADSTS9002313: The refresh token is malformed or was not given to this client.")
        if found[4] == SPENT:
            self.revoke(found[3])
        if found[4] != LIVE:
            raise InvalidGrant("AADSTS50173: The refresh token was used before or has been revoked; sign in again.")
        self._database.write("UPDATE refresh_token SET state = ? WHERE digest = ?", SPENT, _digest(token))
        return Grant(*found[:4])

    def revoke(self, family: str) -> None:
        """End everything that came of one sign-in."""
        self._database.write("UPDATE refresh_token SET state = ? WHERE family = ?", REVOKED, family)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
