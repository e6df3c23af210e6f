"""Signing in with Microsoft, from the first click to a one-time code in the page's hands.

    start      the tab sends the SHA-256 of a verifier it keeps; the browser gets a secret (cookie) and Microsoft's URL
    connect    the same for who is signed in already: one more Microsoft account, whose mailbox becomes theirs
    renew      the same for one mailbox of theirs: what Microsoft took back, or the permission to move mail
    callback   Microsoft sends the browser back with a code: that becomes person, mailbox, session and one-time code

Guarantees: a state works once, in the browser that started it, for ten minutes; nothing is written before the identity
token is verified; person, key, mailbox, tokens, session and code are one transaction (gateway.identity.admission).
"""

import hmac
import re
import secrets
import time
from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.trail import Trail
from gateway.identity import aadsts, issuer, scopes
from gateway.identity import flow as flows
from gateway.identity.admission import Admission, claims_cell
from gateway.identity.authority import Metadata, SigningKeys
from gateway.identity.flow import Caller, Flow, Wanted
from gateway.identity.id_token import Expected, Identity, key_id, verify
from gateway.identity.jwt import Principal
from gateway.identity.microsoft import Microsoft, Redeemed
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.store import clock, mailboxes, sign_ins, token_caches, transaction
from gateway.store.codes import Access
from gateway.store.sign_ins import SignIn
from gateway.vault.vault import Vault

FLOW_LIFETIME_MS: Final = 10 * clock.MINUTE  # for typing a password and finding the phone; the cookie lives as long
CODE_BYTES: Final = 32
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256, as in RFC 7636


class Started(NamedTuple):
    """Where the browser goes, and the secret that its cookie keeps meanwhile."""

    url: str
    browser_secret: str


class SignIns:
    """The steps. `redirect_uri` is our callback, as registered with Microsoft."""

    def __init__(self, engine: Engine, vault: Vault, microsoft: Microsoft, audit: Trail, *, redirect_uri: str) -> None:
        self._engine = engine
        self._vault = vault
        self._audit = audit
        self._microsoft = microsoft
        self._keys = SigningKeys(microsoft.fetch, time.monotonic)
        self._redirect_uri = redirect_uri
        self._admission = Admission(vault, audit)

    async def start(self, challenge: str) -> Started:
        """Begin. `challenge`: base64url SHA-256 of the tab's verifier, 43 characters (CHALLENGE)."""
        return await self._begin(challenge, Wanted(self._first))

    async def connect(self, challenge: str, caller: Principal) -> Started:
        """Begin to connect one more Microsoft account's mailbox to the caller."""
        return await self._begin(challenge, Wanted(self._first, _caller(caller)))

    async def renew(self, challenge: str, caller: Principal, mailbox_id: str, access: Access | None) -> Started:
        """Begin to renew a mailbox's access, with at least what it had; RowAbsent when it isn't the caller's."""
        read = transaction.read(self._engine, lambda c: self._renewal(c, caller, mailbox_id, access))
        return await self._begin(challenge, await read)

    async def callback(self, params: Mapping[str, str], browser_secret: str | None) -> str:
        """Finish: the one-time code for the tab. SignInRefused says which check failed; the state is used up anyway."""
        flow = await self._take_up(params.get("state", ""), browser_secret)
        metadata = await self._microsoft.metadata()
        issuer.check_before_redeeming(params, metadata)
        if "error" in params:
            raise SignInRefused(aadsts.refused(params, SignInReason.DECLINED))
        redeemed = await self._microsoft.complete(flow, params)
        identity = await self._identify(redeemed, flow, metadata)
        issuer.check_after_verifying(params, metadata, identity.tid)
        code = secrets.token_urlsafe(CODE_BYTES)
        await transaction.write(self._engine, lambda c: self._admission.admit(c, identity, redeemed, flow, code))
        return code

    @property
    def _first(self) -> Access:
        return scopes.FIRST[self._microsoft.consent]

    async def _begin(self, challenge: str, wanted: Wanted) -> Started:
        flow = await self._microsoft.begin(self._redirect_uri, challenge, wanted)
        secret = flows.new_secret()
        now = clock.now()
        row = SignIn(
            id=sign_ins.id_of(flow.state),
            sealed=flows.seal(flow, secret),
            browser_hash=flows.digest(secret),
            expires_at=now + FLOW_LIFETIME_MS,
        )
        await transaction.write(self._engine, lambda connection: _remember(connection, row, now))
        return Started(flow.auth_uri, secret)

    def _renewal(self, connection: Connection, caller: Principal, mailbox_id: str, access: Access | None) -> Wanted:
        mailboxes.owned(connection, caller.person_id, mailbox_id)
        row = token_caches.get(connection, mailbox_id)
        had = self._first if row is None else row.access
        asked = Access.FULL if Access.FULL in {access, had, self._first} else Access.PREVIEW
        claims = None
        if row is not None and row.claims_sealed is not None:
            cell = claims_cell(mailbox_id)
            claims = self._vault.open(connection, caller.person_id, cell, row.claims_sealed).decode()
        return Wanted(asked, _caller(caller), mailbox_id, claims)

    def refused(self, reason: SignInReason) -> None:
        """For the audit log: somebody came back and was not let in."""
        self._audit.note(Event(Kind.SIGN_IN, Outcome.REFUSED, reason=reason.value))

    async def _take_up(self, state: str, browser_secret: str | None) -> Flow:
        name = sign_ins.id_of(state)
        row = await transaction.write(self._engine, lambda c: sign_ins.consume(c, name, now=clock.now()))
        if row is None:
            raise SignInRefused(SignInReason.STATE_UNKNOWN)
        # The seal below would refuse another browser as well; this says so without trying to open it.
        if browser_secret is None or not hmac.compare_digest(flows.digest(browser_secret), row.browser_hash):
            raise SignInRefused(SignInReason.OTHER_BROWSER)
        try:
            return flows.unseal(row.sealed, browser_secret, state)
        except flows.FlowSealed:
            raise SignInRefused(SignInReason.OTHER_BROWSER) from None

    async def _identify(self, redeemed: Redeemed, flow: Flow, metadata: Metadata) -> Identity:
        expected = Expected(metadata.issuer, self._microsoft.client_id, flow.nonce, self._microsoft.tenants)
        keys = await self._keys.containing(key_id(redeemed.id_token), metadata.jwks_uri)
        return verify(redeemed.id_token, keys, expected, time.time())


def _caller(principal: Principal) -> Caller:
    return Caller(principal.person_id, principal.session_id)


def _remember(connection: Connection, row: SignIn, now: int) -> None:
    sign_ins.purge(connection, now=now)
    sign_ins.add(connection, row)
