"""ID tokens and access tokens.

Guarantees that an access token proves who, for which scopes, until when, and that the sandbox's Graph accepts no other.
An ID token is never an access token: their audiences differ.
"""

import base64
import dataclasses
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from sandbox.account import Account
from sandbox.authority.signing_key import ALGORITHM, SigningKeys, unsigned
from sandbox.faults import Fault, FaultSwitch

GRAPH_AUDIENCE = "https://graph.sandbox.invalid"
ID_TOKEN_SECONDS = 3600  # Entra's
SKEW_SECONDS = 300  # Entra dates nbf back by this much, so that slow clocks accept a fresh token
TOKEN_ROUTE = "POST /{tenant}/oauth2/v2.0/token"  # noqa: S105  # a path
FOREIGN = "not-this-one"


class Refused(Exception):
    """The access token doesn't open Graph; the message is Graph's own sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """Whose authority this is: base URL, tenant, and the one client it knows."""

    base_url: str
    tenant_id: str
    client_id: str

    @property
    def issuer(self) -> str:
        """The `iss` of every token and callback."""
        return f"{self.base_url}/{self.tenant_id}/v2.0"


class TokenMint:
    """Makes and checks tokens. `clock` returns Unix seconds."""

    def __init__(
        self,
        identity: Identity,
        keys: SigningKeys,
        faults: FaultSwitch,
        clock: Callable[[], float],
        access_seconds: int,
    ) -> None:
        self.identity = identity
        self.access_seconds = access_seconds
        self._keys = keys
        self._faults = faults
        self._clock = clock

    def id_token(self, account: Account, nonce: str | None) -> str:
        """An ID token, right or wrong as the faults say."""
        claims = self._common(account, self.identity.client_id, ID_TOKEN_SECONDS) | {
            "name": account.principal.partition("@")[0],
            "preferred_username": account.principal,
            "aio": secrets.token_urlsafe(16),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        for fault, name, wrong in self._lies(claims):
            if self._faults.strikes(fault, TOKEN_ROUTE):
                claims[name] = wrong
        return self._signed(claims)

    def _lies(self, claims: Mapping[str, Any]) -> tuple[tuple[Fault, str, Any], ...]:
        return (
            (Fault.BAD_NONCE, "nonce", FOREIGN),
            (Fault.BAD_ISS, "iss", f"{self.identity.base_url}/{FOREIGN}/v2.0"),
            (Fault.BAD_AUD, "aud", FOREIGN),
            (Fault.EXPIRED, "exp", claims["iat"] - ID_TOKEN_SECONDS),
            (Fault.WRONG_TID, "tid", FOREIGN),
        )

    def _signed(self, claims: dict[str, Any]) -> str:
        if self._faults.strikes(Fault.ALG_NONE, TOKEN_ROUTE):
            return unsigned(claims)
        if self._faults.strikes(Fault.WRONG_KEY, TOKEN_ROUTE):
            return self._keys.sign_wrongly(claims)
        return self._keys.sign(claims)

    def access_token(self, account: Account, scopes: str, challenge: str | None) -> str:
        """A token for Graph. `scopes` as granted; `challenge` is the claims challenge that it answers."""
        names = " ".join(sorted(short(one) for one in scopes.split()))
        claims = self._common(account, GRAPH_AUDIENCE, self.access_seconds)
        claims |= {"scp": names, "azp": self.identity.client_id, "challenge": challenge}
        return self._keys.sign(claims)

    def _common(self, account: Account, audience: str, seconds: int) -> dict[str, Any]:
        now = int(self._clock())
        return {
            "aud": audience,
            "iss": self.identity.issuer,
            "iat": now,
            "nbf": now - SKEW_SECONDS,
            "exp": now + seconds,
            "oid": account.oid,
            "sub": hashlib.sha256(f"{account.oid}/{audience}".encode()).hexdigest()[:43],
            "tid": self.identity.tenant_id,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0",
        }

    def opened(self, token: str) -> dict[str, Any]:
        """The claims of an access token; Refused says what is wrong with it."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.public_key(),
                [ALGORITHM],
                audience=GRAPH_AUDIENCE,
                issuer=self.identity.issuer,
                options={"require": ["exp", "aud", "iss", "oid", "scp"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError:
            raise Refused("Access token validation failure. Invalid audience.") from None
        except jwt.InvalidTokenError:
            raise Refused("IDX14100: JWT is not well formed or its signature is not valid.") from None
        if claims["exp"] <= self._clock():
            raise Refused("Lifetime validation failed, the token is expired.")
        return claims

    def client_info(self, account: Account) -> str:
        """What MSAL makes its account from: base64url JSON of uid and utid."""
        info = json.dumps({"uid": account.oid, "utid": self.identity.tenant_id})
        return base64.urlsafe_b64encode(info.encode()).decode().rstrip("=")


def short(scope: str) -> str:
    """A scope without the resource before it: https://graph.microsoft.com/Mail.Read is Mail.Read."""
    return scope.rpartition("/")[2]
