"""Signing in with Microsoft, from the first click to a one-time code in the page's hands.

    start      the tab sends the SHA-256 of a verifier it keeps; the browser gets a secret (cookie) and Microsoft's URL
    callback   Microsoft sends the browser back with a code: that becomes person, mailbox, session and one-time code

Guarantees: a state works once, in the browser that started it, for ten minutes; nothing is written before the identity
token is verified; person, key, mailbox, tokens, session and code are one transaction. A person's key is made here and
nowhere else: anywhere else it would bring an erased person back.
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
from gateway.identity import flow as flows
from gateway.identity import issuer
from gateway.identity.authority import Metadata, SigningKeys
from gateway.identity.flow import Flow
from gateway.identity.id_token import Expected, Identity, key_id, verify
from gateway.identity.live import ABSOLUTE_MS
from gateway.identity.microsoft import Microsoft, Redeemed
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.store import clock, exchange_codes, ids, mailboxes, people, sessions, sign_ins, token_caches, transaction
from gateway.store.exchange_codes import ExchangeCode
from gateway.store.mailboxes import Mailbox
from gateway.store.sign_ins import SignIn
from gateway.vault.vault import Cell, Vault

FLOW_LIFETIME_MS: Final = 10 * clock.MINUTE  # for typing a password and finding the phone; the cookie lives as long
CODE_LIFETIME_MS: Final = 60 * clock.SECOND  # spec
CODE_BYTES: Final = 32
CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256, as in RFC 7636


class Started(NamedTuple):
    """Where the browser goes, and the secret that its cookie keeps meanwhile."""

    url: str
    browser_secret: str


class SignIns:
    """The two steps. `redirect_uri` is our callback, as registered with Microsoft."""

    def __init__(self, engine: Engine, vault: Vault, microsoft: Microsoft, audit: Trail, *, redirect_uri: str) -> None:
        self._engine = engine
        self._vault = vault
        self._audit = audit
        self._microsoft = microsoft
        self._keys = SigningKeys(microsoft.fetch, time.monotonic)
        self._redirect_uri = redirect_uri

    async def start(self, challenge: str) -> Started:
        """Begin. `challenge`: base64url SHA-256 of the tab's verifier, 43 characters (CHALLENGE)."""
        flow = await self._microsoft.begin(self._redirect_uri, challenge)
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

    async def callback(self, params: Mapping[str, str], browser_secret: str | None) -> str:
        """Finish: the one-time code for the tab. SignInRefused says which check failed; the state is used up anyway."""
        flow = await self._take_up(params.get("state", ""), browser_secret)
        metadata = await self._microsoft.metadata()
        issuer.check_before_redeeming(params, metadata)
        if "error" in params:
            raise SignInRefused(SignInReason.DECLINED)
        redeemed = await self._microsoft.complete(flow, params)
        identity = await self._identify(redeemed, flow, metadata)
        issuer.check_after_verifying(params, metadata, identity.tid)
        code = secrets.token_urlsafe(CODE_BYTES)
        await transaction.write(self._engine, lambda c: self._admit(c, identity, redeemed, flow, code))
        return code

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

    def _admit(self, connection: Connection, identity: Identity, redeemed: Redeemed, flow: Flow, code: str) -> None:
        now = clock.now()
        person_id = self._person(connection, identity, now)
        mailbox_id = self._mailbox(connection, person_id, identity, now)
        self._keep_tokens(connection, person_id, mailbox_id, redeemed.cache)
        session = sessions.create(connection, person_id, now=now, expires_at=now + ABSOLUTE_MS)
        exchange_codes.purge(connection, now=now)
        hashes = (flows.digest(code), session.id, flow.challenge.encode())
        exchange_codes.add(connection, ExchangeCode(*hashes, expires_at=now + CODE_LIFETIME_MS))
        event = Event(Kind.SIGN_IN, person=person_id, mailbox=mailbox_id, object_id=session.id)
        self._audit.record(connection, event)

    def _person(self, connection: Connection, identity: Identity, now: int) -> str:
        subject = self._vault.subject_index(identity.tid, identity.oid)
        person = people.by_subject(connection, subject) or people.create(connection, subject, now=now)
        self._vault.create_key(connection, person.id)
        return person.id

    def _mailbox(self, connection: Connection, person_id: str, identity: Identity, now: int) -> str:
        subject = self._vault.mailbox_index(identity.tid, identity.oid)
        known = mailboxes.by_subject(connection, person_id, subject)
        if known is not None:
            return known.id
        mailbox_id = ids.new("mbx")
        address = self._vault.seal(connection, person_id, address_cell(mailbox_id), identity.username.encode())
        mailboxes.add(connection, Mailbox(mailbox_id, person_id, subject, address, now))
        return mailbox_id

    def _keep_tokens(self, connection: Connection, person_id: str, mailbox_id: str, cache: bytes) -> None:
        # The newest consent counts: what was there before is written over, whatever its version.
        before = token_caches.get(connection, mailbox_id)
        sealed = self._vault.seal(connection, person_id, token_cell(mailbox_id), cache)
        token_caches.put(
            connection, mailbox_id, sealed=sealed, expected=before.version if before else token_caches.ABSENT
        )


def address_cell(mailbox_id: str) -> Cell:
    """Where a mailbox's address is sealed."""
    return Cell("mailbox", mailbox_id, "address_sealed")


def token_cell(mailbox_id: str) -> Cell:
    """Where a mailbox's token cache is sealed."""
    return Cell("token_cache", mailbox_id, "sealed")


def _remember(connection: Connection, row: SignIn, now: int) -> None:
    sign_ins.purge(connection, now=now)
    sign_ins.add(connection, row)
