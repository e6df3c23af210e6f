"""Graph access tokens, acquired silently from the sealed cache, against the sandbox authority."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import Unavailable
from chassis.settings import SecretFile
from gateway.identity.admission import token_cell
from gateway.identity.flow import Wanted
from gateway.identity.microsoft import Microsoft, MicrosoftSettings, Silent
from gateway.identity.needs_sign_in import NeedsSignIn
from gateway.identity.token_source import RECHECK_S, TokenSource
from gateway.store import clock, mailboxes, people, token_caches
from gateway.store.codes import Access, Need
from gateway.store.engine import reading

CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'
COUNTER = {"fault": "expired", "rate": 1.0}  # the ID token of a refresh is not looked at, so this only counts
REVOKED = {"fault": "invalid_grant", "rate": 1.0}


@pytest.fixture
async def mailbox_id(gateway: Any, sandbox: Any) -> str:
    signed_in = await gateway.sign_in()
    sandbox.faults(COUNTER)
    return str(signed_in["mailboxes"][0])


def asked(sandbox: Any) -> int:
    """How often Microsoft's token endpoint was asked since the rules were set: one of them strikes each time."""
    return int(sum(rule["struck"] for rule in sandbox.control("GET", "/faults")["faults"]))


def row(gateway: Any, mailbox_id: str) -> token_caches.TokenCache:
    with reading(gateway.engine) as connection:
        found = token_caches.get(connection, mailbox_id)
    assert found is not None
    return found


def cache(gateway: Any, mailbox_id: str) -> bytes:
    with reading(gateway.engine) as connection:
        person_id = mailboxes.get(connection, mailbox_id).person_id
        sealed = row(gateway, mailbox_id).sealed
        return bytes(gateway.vault.open(connection, person_id, token_cell(mailbox_id), sealed))


async def test_a_fresh_sign_in_serves_tokens_without_asking_again(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """From the cache first, then from memory; Microsoft is not asked, nothing is written."""
    before = row(gateway, mailbox_id)
    tokens = [await gateway.source.access_token(mailbox_id) for _ in range(3)]
    assert len(set(tokens)) == 1
    assert asked(sandbox) == 0
    assert row(gateway, mailbox_id) == before


async def test_the_token_opens_graph(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """What it is for; in the shape that the Graph client takes."""
    token = await gateway.source.of(mailbox_id)(None)
    status, _, _ = sandbox.http("GET", "/v1.0/me/mailFolders", {"Authorization": f"Bearer {token}"})
    assert status == 200


async def test_a_claims_challenge_gets_a_new_token_that_answers_it(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """CAE: the cached token is passed over, the new one kept, the rotated refresh token saved."""
    before = await gateway.source.access_token(mailbox_id)
    version, old = row(gateway, mailbox_id).version, cache(gateway, mailbox_id)
    after = await gateway.source.access_token(mailbox_id, CLAIMS)
    assert after != before
    assert asked(sandbox) == 1
    assert await gateway.source.access_token(mailbox_id) == after
    assert row(gateway, mailbox_id).version == version + 1
    assert cache(gateway, mailbox_id) != old


async def test_a_herd_asks_microsoft_once(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """Single flight: twenty callers, one refresh, one token."""
    tokens = await asyncio.gather(*(gateway.source.access_token(mailbox_id, CLAIMS) for _ in range(20)))
    assert len(set(tokens)) == 1
    assert asked(sandbox) == 1


async def test_one_who_gives_up_does_not_take_it_from_the_others(gateway: Any, mailbox_id: str) -> None:
    """Cancelling a waiter leaves the acquisition running."""
    impatient = asyncio.create_task(gateway.source.access_token(mailbox_id, CLAIMS))
    patient = asyncio.create_task(gateway.source.access_token(mailbox_id, CLAIMS))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient


async def test_a_revoked_grant_marks_the_mailbox_and_ends_the_asking(
    gateway: Any, sandbox: Any, mailbox_id: str
) -> None:
    """invalid_grant: the reason is kept, NeedsSignIn, and no further question, also from another process."""
    await gateway.source.access_token(mailbox_id)
    sandbox.faults(REVOKED)
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS)
    assert row(gateway, mailbox_id).need is Need.PASSWORD_CHANGED
    count = asked(sandbox)
    for source in (gateway.source, TokenSource(gateway.engine, gateway.vault, gateway.microsoft, gateway.audit)):
        for claims in (None, CLAIMS):
            with pytest.raises(NeedsSignIn):
                await source.access_token(mailbox_id, claims)
    assert asked(sandbox) == count == 1


async def test_signing_in_again_mends_it(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """New consent, new cache, the mark gone."""
    sandbox.faults(REVOKED)
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS)
    sandbox.faults()
    assert (await gateway.sign_in())["mailboxes"] == [mailbox_id]
    assert row(gateway, mailbox_id).need is None
    assert await gateway.source.access_token(mailbox_id)


async def test_a_herd_of_the_refused_asks_once(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """A failure is shared as a token is: no storm."""
    sandbox.faults(REVOKED)
    outcomes = await asyncio.gather(
        *(gateway.source.access_token(mailbox_id, CLAIMS) for _ in range(20)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {NeedsSignIn}
    assert asked(sandbox) == 1


async def test_an_outage_is_no_revocation(gateway: Any, mailbox_id: str) -> None:
    """Unavailable, not "sign in again": the mailbox is not marked, and the next attempt may succeed."""
    gone = Microsoft(MicrosoftSettings(client_id="c", authority="https://localhost:1/t"))
    source = TokenSource(gateway.engine, gateway.vault, gone, gateway.audit)
    with pytest.raises(Unavailable):
        await source.access_token(mailbox_id, CLAIMS)
    gone.close()
    assert row(gateway, mailbox_id).need is None
    assert await gateway.source.access_token(mailbox_id)


async def test_the_operators_mistake_is_not_the_owners(
    gateway: Any, mailbox_id: str, microsoft_settings: Callable[..., MicrosoftSettings], tmp_path: Path
) -> None:
    """A rotated client secret (invalid_client): unavailable, and no mailbox is marked for its owner to mend."""
    (tmp_path / "wrong").write_text("not-the-secret")
    (tmp_path / "wrong").chmod(0o600)
    mistaken = Microsoft(microsoft_settings(client_secret_file=SecretFile(tmp_path / "wrong")))
    with pytest.raises(Unavailable):
        await TokenSource(gateway.engine, gateway.vault, mistaken, gateway.audit).access_token(mailbox_id, CLAIMS)
    mistaken.close()
    assert row(gateway, mailbox_id).need is None


class Racing(Microsoft):
    """The real client; while it asks, someone else gets there first."""

    meanwhile: Callable[[], Awaitable[object]]

    async def silent(self, cache: bytes, access: Access, claims: str | None) -> Silent:
        first, self.meanwhile = self.meanwhile, _nothing
        await first()
        return await super().silent(cache, access, claims)


async def _nothing() -> None:
    pass


class Crowded(Microsoft):
    """The real client; notes how many ask at the same time."""

    inside = most = 0

    async def silent(self, cache: bytes, access: Access, claims: str | None) -> Silent:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(0.2)  # as long as Microsoft takes: who comes meanwhile must wait
            return await super().silent(cache, access, claims)
        finally:
            self.inside -= 1


async def test_two_replicas_ask_microsoft_once(
    gateway: Any, sandbox: Any, mailbox_id: str, microsoft_settings: Callable[[], MicrosoftSettings]
) -> None:
    """Single flight across processes: with rotating refresh tokens two questions would end the whole grant."""
    crowded = Crowded(microsoft_settings())
    replicas = [TokenSource(gateway.engine, gateway.vault, crowded, gateway.audit) for _ in range(4)]
    tokens = await asyncio.gather(*(replica.access_token(mailbox_id, CLAIMS) for replica in replicas for _ in range(5)))
    crowded.close()
    assert len(set(tokens)) == 1
    assert (asked(sandbox), crowded.most) == (1, 1)
    assert row(gateway, mailbox_id).claimed_until is None


async def test_a_replica_that_died_keeps_nobody_waiting(gateway: Any, mailbox_id: str) -> None:
    """Its claim runs out by itself; the next one asks."""
    with gateway.engine.begin() as connection:
        assert token_caches.claim(connection, mailbox_id, now=clock.now(), until=clock.now() + 400)
    assert await gateway.source.access_token(mailbox_id, CLAIMS)


async def test_a_claim_is_given_back_when_microsoft_is_away(gateway: Any, mailbox_id: str) -> None:
    """The next attempt need not wait for it to run out."""
    gone = Microsoft(MicrosoftSettings(client_id="c", authority="https://localhost:1/t"))
    with pytest.raises(Unavailable):
        await TokenSource(gateway.engine, gateway.vault, gone, gateway.audit).access_token(mailbox_id, CLAIMS)
    gone.close()
    assert row(gateway, mailbox_id).claimed_until is None


async def test_a_replica_whose_claim_ran_out_follows_who_took_it_over(
    gateway: Any, mailbox_id: str, microsoft_settings: Callable[[], MicrosoftSettings]
) -> None:
    """The authority refuses the refresh token that the other one used up: theirs is taken, nobody must sign in."""

    async def taken_over() -> None:
        with gateway.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE token_cache SET claimed_until = 1")
        await gateway.source.access_token(mailbox_id, CLAIMS)

    racing = Racing(microsoft_settings())
    racing.meanwhile = taken_over
    source = TokenSource(gateway.engine, gateway.vault, racing, gateway.audit)
    version = row(gateway, mailbox_id).version
    assert await source.access_token(mailbox_id, CLAIMS) == await gateway.source.access_token(mailbox_id)
    assert row(gateway, mailbox_id).version == version + 1
    assert row(gateway, mailbox_id).need is None
    racing.close()


async def test_a_challenge_that_was_answered_meanwhile_is_not_asked_again(
    gateway: Any, sandbox: Any, mailbox_id: str
) -> None:
    """Four calls get the same challenge; the last to come finds the token that the first one got."""
    before = await gateway.source.access_token(mailbox_id)
    after = await gateway.source.access_token(mailbox_id, CLAIMS, before)
    assert await gateway.source.access_token(mailbox_id, CLAIMS, before) == after != before
    assert asked(sandbox) == 1


async def test_a_challenge_that_repeats_itself_ends_with_its_owner(gateway: Any, sandbox: Any, mailbox_id: str) -> None:
    """Microsoft refuses its own answer: no third question, and the mailbox says why."""
    before = await gateway.source.access_token(mailbox_id)
    after = await gateway.source.access_token(mailbox_id, CLAIMS, before)
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS, after)
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id)
    assert asked(sandbox) == 1
    assert row(gateway, mailbox_id).need is Need.CLAIMS_CHALLENGE


async def test_a_revocation_elsewhere_reaches_memory_within_five_seconds(gateway: Any, mailbox_id: str) -> None:
    """What is in memory is looked up again: destroyed by another process, it is not used any more."""
    now = [0.0]
    source = TokenSource(gateway.engine, gateway.vault, gateway.microsoft, gateway.audit, lambda: now[0])
    await source.access_token(mailbox_id)
    with gateway.engine.begin() as connection:
        token_caches.destroy(connection, mailbox_id)
    now[0] = RECHECK_S - 0.1
    assert await source.access_token(mailbox_id)
    now[0] = RECHECK_S
    with pytest.raises(NeedsSignIn):
        await source.access_token(mailbox_id)


async def test_a_sign_in_meanwhile_is_not_written_over(
    gateway: Any, sandbox: Any, mailbox_id: str, microsoft_settings: Callable[[], MicrosoftSettings]
) -> None:
    """Compare-and-swap: the newer cache stays, and our token works all the same."""
    racing = Racing(microsoft_settings())
    sandbox.faults()
    racing.meanwhile = gateway.sign_in
    source = TokenSource(gateway.engine, gateway.vault, racing, gateway.audit)
    version = row(gateway, mailbox_id).version
    assert await source.access_token(mailbox_id, CLAIMS)
    assert row(gateway, mailbox_id).version == version + 1
    racing.close()


async def test_an_unknown_mailbox_needs_a_sign_in(gateway: Any) -> None:
    """Disconnected or never there: the same answer, and nobody is asked."""
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token("mbx_unknown")


async def test_an_erased_persons_tokens_are_gone(gateway: Any, mailbox_id: str) -> None:
    """After forget() not even memory has one."""
    await gateway.source.access_token(mailbox_id)
    with gateway.engine.begin() as connection:
        person_id = mailboxes.get(connection, mailbox_id).person_id
        gateway.vault.erase_key(connection, person_id)
        people.erase_rows(connection, person_id)
    gateway.source.forget(mailbox_id)
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id)


async def test_no_token_shows_in_a_repr(gateway: Any, mailbox_id: str) -> None:
    """What a traceback or a log might print of our own values."""
    silent = await gateway.microsoft.silent(cache(gateway, mailbox_id), Access.FULL, None)
    assert silent.access_token not in repr(silent)
    flow = await gateway.microsoft.begin("https://localhost/callback", "c" * 43, Wanted(Access.FULL))
    for secret in (flow.state, flow.nonce, flow.code_verifier):
        assert secret not in repr(flow)
