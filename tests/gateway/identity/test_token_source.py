"""Graph access tokens, acquired silently from the sealed cache, against the sandbox authority."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import Unavailable
from chassis.settings import SecretFile
from gateway.identity.microsoft import Microsoft, MicrosoftSettings, Silent
from gateway.identity.needs_sign_in import NeedsSignIn
from gateway.identity.sign_in import token_cell
from gateway.identity.token_source import TokenSource
from gateway.store import mailboxes, people, token_caches
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
    """invalid_grant: needs_consent, NeedsSignIn, and no further question, also from another process."""
    await gateway.source.access_token(mailbox_id)
    sandbox.faults(REVOKED)
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS)
    assert row(gateway, mailbox_id).needs_consent
    count = asked(sandbox)
    for source in (gateway.source, TokenSource(gateway.engine, gateway.vault, gateway.microsoft)):
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
    assert not row(gateway, mailbox_id).needs_consent
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
    source = TokenSource(gateway.engine, gateway.vault, gone)
    with pytest.raises(Unavailable):
        await source.access_token(mailbox_id, CLAIMS)
    gone.close()
    assert not row(gateway, mailbox_id).needs_consent
    assert await gateway.source.access_token(mailbox_id)


async def test_the_operators_mistake_is_not_the_owners(
    gateway: Any, mailbox_id: str, microsoft_settings: Callable[..., MicrosoftSettings], tmp_path: Path
) -> None:
    """A rotated client secret (invalid_client): unavailable, and no mailbox is marked for its owner to mend."""
    (tmp_path / "wrong").write_text("not-the-secret")
    (tmp_path / "wrong").chmod(0o600)
    mistaken = Microsoft(microsoft_settings(client_secret_file=SecretFile(tmp_path / "wrong")))
    with pytest.raises(Unavailable):
        await TokenSource(gateway.engine, gateway.vault, mistaken).access_token(mailbox_id, CLAIMS)
    mistaken.close()
    assert not row(gateway, mailbox_id).needs_consent


class Racing(Microsoft):
    """The real client; while it asks, someone else gets there first."""

    meanwhile: Callable[[], Awaitable[object]]

    async def silent(self, cache: bytes, claims: str | None) -> Silent:
        first, self.meanwhile = self.meanwhile, _nothing
        await first()
        return await super().silent(cache, claims)


async def _nothing() -> None:
    pass


async def test_another_process_that_refreshed_first_is_followed_not_fought(
    gateway: Any, mailbox_id: str, microsoft_settings: Callable[[], MicrosoftSettings]
) -> None:
    """The authority refuses the refresh token that the other one used up: theirs is taken, nobody must sign in."""
    racing = Racing(microsoft_settings())
    racing.meanwhile = lambda: gateway.source.access_token(mailbox_id, CLAIMS)
    source = TokenSource(gateway.engine, gateway.vault, racing)
    version = row(gateway, mailbox_id).version
    assert await source.access_token(mailbox_id, CLAIMS) == await gateway.source.access_token(mailbox_id)
    assert row(gateway, mailbox_id).version == version + 1
    assert not row(gateway, mailbox_id).needs_consent
    racing.close()


async def test_a_sign_in_meanwhile_is_not_written_over(
    gateway: Any, sandbox: Any, mailbox_id: str, microsoft_settings: Callable[[], MicrosoftSettings]
) -> None:
    """Compare-and-swap: the newer cache stays, and our token works all the same."""
    racing = Racing(microsoft_settings())
    sandbox.faults()
    racing.meanwhile = gateway.sign_in
    source = TokenSource(gateway.engine, gateway.vault, racing)
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
    silent = await gateway.microsoft.silent(cache(gateway, mailbox_id), None)
    assert silent.access_token not in repr(silent)
    flow = await gateway.microsoft.begin("https://localhost/callback", "c" * 43)
    for secret in (flow.state, flow.nonce, flow.code_verifier):
        assert secret not in repr(flow)
