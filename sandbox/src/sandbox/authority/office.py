"""What the authority's endpoints share, built once by the app."""

import dataclasses
import time

from sandbox.account import Account
from sandbox.authority.client import Client
from sandbox.authority.grants import Grants
from sandbox.authority.signing_key import SigningKeys
from sandbox.authority.tokens import Identity, TokenMint
from sandbox.faults import FaultSwitch

ALIASES = ("common", "organizations", "consumers")  # Entra's names for "any tenant"


class Challenges:
    """Which claims challenge each account's tokens must answer, as continuous access evaluation does it."""

    def __init__(self) -> None:
        self._wanted: dict[str, str] = {}

    def raise_for(self, oid: str) -> str:
        """A new challenge; earlier tokens of the account stop working."""
        self._wanted[oid] = str(max(int(time.time()), int(self._wanted.get(oid, "0")) + 1))
        return self._wanted[oid]

    def unanswered(self, oid: str, answer: str | None) -> str | None:
        """The challenge that a token with this answer fails, or None."""
        wanted = self._wanted.get(oid)
        return None if wanted == answer else wanted


@dataclasses.dataclass(frozen=True, slots=True)
class Office:
    """The authority: who it is, whom it knows, what it gave out."""

    identity: Identity
    keys: SigningKeys
    mint: TokenMint
    grants: Grants
    accounts: dict[str, Account]
    redirect_uris: tuple[str, ...]
    client: Client
    challenges: Challenges
    faults: FaultSwitch

    def knows_tenant(self, tenant: str) -> bool:
        """Whether the path names our tenant, by its id or by an alias."""
        return tenant == self.identity.tenant_id or tenant in ALIASES
