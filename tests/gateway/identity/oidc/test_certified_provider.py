"""The gateway's own sign-in against somebody else's provider: what holds with our sandbox holds with it."""

import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from cli.application_certificate import make
from gateway.identity import compact
from gateway.identity.authority import read_keys
from gateway.identity.flow import Wanted
from gateway.identity.id_token import Expected, Identity, key_id, verify
from gateway.identity.refusal import SENTENCES, SignInReason, SignInRefused
from gateway.identity.token_source import TokenSource
from gateway.store import token_caches
from gateway.store.codes import Access, Need
from gateway.store.engine import reading

Browse = Callable[[str], dict[str, str]]
WALK = pytest.mark.parametrize("client", ["with-secret", "with-certificate"])


@pytest.fixture
async def gateway(run_gateway: Any, provider: Any) -> AsyncIterator[Any]:
    """A gateway whose Microsoft is the provider."""
    async with run_gateway(instead=provider.settings()) as built:
        yield built


def with_parameter(url: str, query: dict[str, str], **changed: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query=urlencode({**query, **changed})))


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


async def refused(gateway: Any, fields: dict[str, str], cookie: str | None) -> str:
    """The detail of the refusal, nothing having been written."""
    answer = await gateway.callback(fields, cookie)
    assert answer.status_code == 400, answer.headers
    with reading(gateway.engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one() == 0
    return str(answer.json()["detail"])


@WALK
async def test_the_whole_walk(run_gateway: Any, provider: Any, browse: Browse, client: str) -> None:
    """PKCE S256, form_post, iss, our verification of the ID token; with a secret, and with a certificate (PS256)."""
    async with run_gateway(instead=provider.settings(client)) as gateway:
        url, cookie = await gateway.start()
        fields = browse(url)
        assert fields["iss"] == provider.issuer
        answer = await gateway.callback(fields, cookie)
        assert answer.status_code == 303, answer.text
        token = (await gateway.exchange(answer.headers["location"].removeprefix("/#code="))).json()
        assert (await gateway.who(token["access_token"])).status_code == 200
        assert await gateway.source.access_token(token["mailboxes"][0])


async def test_a_wrong_state_is_refused(gateway: Any, browse: Browse) -> None:
    """Nobody started it."""
    url, cookie = await gateway.start()
    assert "unknown" in await refused(gateway, {**browse(url), "state": "another"}, cookie)


async def test_another_browser_is_refused(gateway: Any, browse: Browse) -> None:
    """Without the cookie of the browser that started it, or with another's."""
    for cookie in (None, (await gateway.start())[1]):
        url, _ = await gateway.start()
        assert "another browser" in await refused(gateway, browse(url), cookie)


async def test_a_wrong_verifier_redeems_nothing(gateway: Any, browse: Browse) -> None:
    """Another flow's code does not fit this flow's verifier: the provider says invalid_grant."""
    stolen = browse((await gateway.start())[0])["code"]
    url, cookie = await gateway.start()
    assert "authorization code" in await refused(gateway, {**browse(url), "code": stolen}, cookie)


async def test_a_wrong_nonce_is_refused(gateway: Any, browse: Browse) -> None:
    """Somebody changed it on the way to the provider: the token is good, and of another sign-in."""
    url, cookie = await gateway.start()
    changed = with_parameter(url, query_of(url), nonce="somebody-elses")
    assert "another sign-in" in await refused(gateway, browse(changed), cookie)


@pytest.mark.parametrize("iss", ["https://evil.example", None])
async def test_a_wrong_or_missing_issuer_is_refused(gateway: Any, browse: Browse, iss: str | None) -> None:
    """RFC 9207: the provider announces that it sends iss, so its absence is no excuse."""
    url, cookie = await gateway.start()
    fields = {**browse(url), "iss": iss or ""}
    if iss is None:
        del fields["iss"]
    assert "authority" in await refused(gateway, fields, cookie)


async def test_a_callback_works_once(gateway: Any, browse: Browse) -> None:
    """The same post again: its state is used up, whatever the provider would say."""
    url, cookie = await gateway.start()
    fields = browse(url)
    assert (await gateway.callback(fields, cookie)).status_code == 303
    again = await gateway.callback(fields, cookie)
    assert (again.status_code, again.json()["detail"]) == (400, SENTENCES[SignInReason.STATE_UNKNOWN])


async def test_a_code_works_once_at_the_provider_and_its_replay_ends_the_grant(gateway: Any, browse: Browse) -> None:
    """Redeemed twice past our own state check: refused, and what the first one gave no longer refreshes."""
    flow = await _flow(gateway)
    fields = browse(flow.auth_uri)
    redeemed = await gateway.microsoft.complete(flow, fields)
    with pytest.raises(SignInRefused) as caught:
        await gateway.microsoft.complete(flow, fields)
    assert caught.value.reason is SignInReason.CODE_REFUSED
    silent = await gateway.microsoft.silent(redeemed.cache, Access.FULL, "{}")
    assert (silent.access_token, silent.need) == (None, Need.REVOKED)


async def test_refresh_tokens_rotate_and_reuse_ends_the_family(gateway: Any, browse: Browse) -> None:
    """The provider's rule, which is why one replica refreshes at a time: the old cache used again kills the new one."""
    redeemed = await _redeemed(gateway, browse)
    first = await gateway.microsoft.silent(redeemed.cache, Access.FULL, "{}")
    assert first.access_token
    assert first.cache != redeemed.cache
    again = await gateway.microsoft.silent(redeemed.cache, Access.FULL, "{}")
    assert (again.access_token, again.need) == (None, Need.REVOKED)
    after = await gateway.microsoft.silent(first.cache, Access.FULL, "{}")
    assert (after.access_token, after.need) == (None, Need.REVOKED)


async def test_twenty_callers_and_their_replicas_refresh_once(gateway: Any, browse: Browse) -> None:
    """Against a provider that punishes reuse, every caller gets a token and the mailbox is not marked."""
    url, cookie = await gateway.start()
    code = (await gateway.callback(browse(url), cookie)).headers["location"].removeprefix("/#code=")
    (mailbox_id,) = (await gateway.exchange(code)).json()["mailboxes"]
    replicas = [gateway.source, TokenSource(gateway.engine, gateway.vault, gateway.microsoft, gateway.audit)]
    got = await asyncio.gather(*(one.access_token(mailbox_id, "{}") for one in replicas for _ in range(10)))
    assert all(got)
    with reading(gateway.engine) as connection:
        row = token_caches.get(connection, mailbox_id)
    assert row is not None
    assert row.need is None
    assert await gateway.source.access_token(mailbox_id, '{"id_token": {}}')


async def test_a_real_id_token_is_verified_and_each_change_of_it_refused(gateway: Any, browse: Browse) -> None:
    """The provider's own token passes; expired, for another audience, unsigned, or of another issuer it does not."""
    flow = await _flow(gateway)
    token = (await gateway.microsoft.complete(flow, browse(flow.auth_uri))).id_token
    metadata = await gateway.microsoft.metadata()
    keys = read_keys(await gateway.microsoft.fetch(metadata.jwks_uri))
    expected = Expected(metadata.issuer, gateway.microsoft.client_id, flow.nonce, ())
    assert key_id(token) in keys
    assert verify(token, keys, expected, time.time()) == Identity("tenant", "owner")
    header, payload, _ = token.split(".")
    none = urlsafe_b64encode(b'{"alg":"none","kid":"signing"}').rstrip(b"=").decode()
    changed = {
        "expired": lambda: verify(token, keys, expected, time.time() + 7200),
        "audience": lambda: verify(token, keys, Expected(metadata.issuer, "other", flow.nonce, ()), time.time()),
        "issuer": lambda: verify(token, keys, Expected("https://x/tenant", "with-secret", flow.nonce, ()), time.time()),
        "alg none": lambda: verify(f"{none}.{payload}.", keys, expected, time.time()),
        "no signature": lambda: verify(f"{header}.{payload}.", keys, expected, time.time()),
        "another key": lambda: verify(f"{header}.{payload}.{compact.encode(bytes(256))}", keys, expected, time.time()),
    }
    for name, attempt in changed.items():
        with pytest.raises(SignInRefused) as caught:
            attempt()
        assert caught.value.reason is SignInReason.TOKEN_INVALID, name


@pytest.mark.parametrize("wrong", ["client_secret_file", "certificate"])
async def test_a_wrong_credential_is_the_operators_to_mend(
    run_gateway: Any, provider: Any, browse: Browse, tmp_path: Any, wrong: str
) -> None:
    """invalid_client: led back to the page, which says whose it is to mend; doctor sees it without a person."""
    settings = provider.settings(client_secret_file=_secret(tmp_path)) if wrong == "client_secret_file" else None
    if settings is None:
        make(tmp_path / "other.pem", tmp_path / "other.key", "other")
        files = {"certificate_file": tmp_path / "other.pem", "private_key_file": tmp_path / "other.key"}
        settings = provider.settings("with-certificate", **files)
    async with run_gateway(instead=settings) as gateway:
        url, cookie = await gateway.start()
        answer = await gateway.callback(browse(url), cookie)
        assert answer.headers["location"] == "/#refused=registration_wrong"
        assert await gateway.microsoft.credential() is SignInReason.REGISTRATION_WRONG


@WALK
async def test_a_good_credential_is_not_refused(run_gateway: Any, provider: Any, client: str) -> None:
    """The provider has no client credentials grant, and says that only after it believed the client."""
    async with run_gateway(instead=provider.settings(client)) as gateway:
        assert await gateway.microsoft.credential() is None


def _secret(folder: Any) -> Any:
    (folder / "wrong").write_text("wrong")
    (folder / "wrong").chmod(0o600)
    return folder / "wrong"


async def _flow(gateway: Any) -> Any:
    callback = f"{gateway.url}/api/v1/session/callback"
    return await gateway.microsoft.begin(callback, "c" * 43, Wanted(Access.FULL))


async def _redeemed(gateway: Any, browse: Browse) -> Any:
    flow = await _flow(gateway)
    return await gateway.microsoft.complete(flow, browse(flow.auth_uri))
