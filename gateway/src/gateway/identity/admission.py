"""What a verified sign-in becomes: person, key, mailbox, sealed tokens, session and one-time code, in one transaction.

Guarantees: a person is who (tid, oid) says, never an address; one Microsoft account is one mailbox of one person, so
that nobody reaches another's mail by connecting or by signing in with a connected account; a person's key is made here
and nowhere else: anywhere else it would bring an erased person back; a lesser grant never replaces a greater one that
still works.
"""

from typing import Final

from sqlalchemy import Connection

from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.identity import flow as flows
from gateway.identity.flow import Caller, Flow
from gateway.identity.id_token import Identity
from gateway.identity.live import ABSOLUTE_MS, IDLE_MS
from gateway.identity.microsoft import Redeemed
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.store import clock, exchange_codes, ids, mailboxes, people, sessions, token_caches
from gateway.store.codes import Access
from gateway.store.exchange_codes import ExchangeCode
from gateway.store.mailboxes import Mailbox
from gateway.store.token_caches import ABSENT, TokenCache
from gateway.vault.vault import Cell, Vault

CODE_LIFETIME_MS: Final = 60 * clock.SECOND  # spec
MAX_MAILBOXES: Final = 20  # of one person; the list of them has no pages


class Admission:
    """Admits, or SignInRefused and nothing is written."""

    def __init__(self, vault: Vault, audit: Trail) -> None:
        self._vault = vault
        self._audit = audit

    def admit(self, connection: Connection, identity: Identity, redeemed: Redeemed, flow: Flow, code: str) -> None:
        """`code` is what the tab will exchange."""
        now = clock.now()
        caller = flow.wanted.caller
        person_id = self._person(connection, identity, now) if caller is None else _still_in(connection, caller, now)
        self._vault.create_key(connection, person_id)
        mailbox_id = self._mailbox(connection, person_id, identity, flow.wanted.mailbox_id, now)
        self._keep_tokens(connection, person_id, mailbox_id, redeemed)
        if caller is not None:  # a sign-in gives a new session, and the one before it ends
            sessions.revoke(connection, caller.session_id, now=now)
        session = sessions.create(connection, person_id, now=now, expires_at=now + ABSOLUTE_MS)
        exchange_codes.purge(connection, now=now)
        hashes = (flows.digest(code), session.id, flow.challenge.encode())
        exchange_codes.add(connection, ExchangeCode(*hashes, expires_at=now + CODE_LIFETIME_MS))
        event = Event(Kind.SIGN_IN, person=person_id, mailbox=mailbox_id, object_id=session.id)
        self._audit.record(connection, event)

    def _person(self, connection: Connection, identity: Identity, now: int) -> str:
        subject = self._vault.subject_index(identity.tid, identity.oid)
        return people.known_or_new(connection, subject, now=now).id

    def _mailbox(self, connection: Connection, person_id: str, identity: Identity, wanted: str | None, now: int) -> str:
        subject = self._vault.mailbox_index(identity.tid, identity.oid)
        known = mailboxes.by_subject(connection, subject)
        if wanted is not None and (known is None or known.id != wanted):
            raise SignInRefused(SignInReason.OTHER_ACCOUNT)
        self._refuse_anothers(connection, person_id, identity, known)
        if known is not None:
            return known.id
        if len(mailboxes.of_person(connection, person_id)) >= MAX_MAILBOXES:
            raise SignInRefused(SignInReason.TOO_MANY_MAILBOXES)
        mailbox_id = ids.new("mbx")
        address = self._vault.seal(connection, person_id, address_cell(mailbox_id), identity.username.encode())
        mailboxes.add(connection, Mailbox(mailbox_id, person_id, subject, address, now))
        self._audit.record(connection, Event(Kind.MAILBOX_CONNECTED, person=person_id, mailbox=mailbox_id))
        return mailbox_id

    def _refuse_anothers(
        self, connection: Connection, person_id: str, identity: Identity, known: Mailbox | None
    ) -> None:
        # Both ways round: an account that is a person here can't be connected to somebody else, and one that
        # somebody connected is not a way to sign in, neither as that person nor as a new one.
        person = people.by_subject(connection, self._vault.subject_index(identity.tid, identity.oid))
        if (known is not None and known.person_id != person_id) or (person is not None and person.id != person_id):
            raise SignInRefused(SignInReason.CONNECTED_ELSEWHERE)

    def _keep_tokens(self, connection: Connection, person_id: str, mailbox_id: str, redeemed: Redeemed) -> None:
        before = token_caches.get(connection, mailbox_id)
        if before is not None and _is_lesser(redeemed.access, before):
            return
        # Otherwise the newest consent counts: what was there before is written over, whatever its version.
        sealed = self._vault.seal(connection, person_id, token_cell(mailbox_id), redeemed.cache)
        expected = ABSENT if before is None else before.version
        access, granted = redeemed.access, redeemed.granted
        token_caches.put(connection, mailbox_id, sealed=sealed, access=access, granted=granted, expected=expected)


def address_cell(mailbox_id: str) -> Cell:
    """Where a mailbox's address is sealed."""
    return Cell("mailbox", mailbox_id, "address_sealed")


def token_cell(mailbox_id: str) -> Cell:
    """Where a mailbox's token cache is sealed."""
    return Cell("token_cache", mailbox_id, "sealed")


def claims_cell(mailbox_id: str) -> Cell:
    """Where the claims challenge of a mailbox is sealed."""
    return Cell("token_cache", mailbox_id, "claims_sealed")


def _still_in(connection: Connection, caller: Caller, now: int) -> str:
    """The caller's person, if the session that began the flow is live."""
    session = sessions.live(connection, caller.session_id, now=now, idle=IDLE_MS)
    if session is None or session.person_id != caller.person_id:
        raise SignInRefused(SignInReason.SIGNED_OUT)
    return session.person_id


def _is_lesser(access: Access, before: TokenCache) -> bool:
    return access is Access.PREVIEW and before.access is Access.FULL and before.need is None
