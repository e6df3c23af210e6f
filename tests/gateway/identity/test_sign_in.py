"""Signing in, over TLS, against the sandbox authority: the walk, and every way to be refused on it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import msal  # type: ignore[import-untyped]  # it publishes no types
import pytest

from chassis.settings import SecretFile
from chassis.tls import TlsFiles
from cli.application_certificate import make
from gateway.identity import scopes
from gateway.identity.admission import address_cell, token_cell
from gateway.identity.refusal import SignInReason
from gateway.store import mailboxes, people, token_caches
from gateway.store.codes import Access
from gateway.store.engine import reading
from sandbox.testing import start

GOOD_SCOPES = {"Mail.ReadWrite", "MailboxSettings.Read", "User.Read"}
MSAL_SCOPES = {"openid", "profile", "offline_access"}


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def rows(gateway: Any, table: str) -> int:
    with reading(gateway.engine) as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608  # our names


def untouched(gateway: Any) -> bool:
    """Nobody was admitted: no person, key, mailbox, token, session or code came of it."""
    tables = ("person", "person_key", "mailbox", "token_cache", "session", "exchange_code")
    return not any(rows(gateway, table) for table in tables)


async def refused(gateway: Any, answer: Any) -> bool:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert "location" not in answer.headers
    return answer.status_code == 400 and problem["code"] == "sign_in_refused" and untouched(gateway)


async def test_the_whole_walk(gateway: Any) -> None:
    """Sign-in, Microsoft, callback, exchange, a call, sign-out: what the page and the command line do."""
    url, cookie = await gateway.start()
    answer = await gateway.callback(await gateway.authorize(url), cookie)
    assert answer.status_code == 303
    assert re.fullmatch(r"/#code=[A-Za-z0-9_-]{43}", answer.headers["location"])
    token = (await gateway.exchange(answer.headers["location"].removeprefix("/#code="))).json()
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 600
    assert len(token["mailboxes"]) == 1
    assert (await gateway.who(token["access_token"])).status_code == 200
    assert (await gateway.sign_out(token["access_token"])).status_code == 204
    assert (await gateway.who(token["access_token"])).status_code == 401


async def test_what_is_asked_of_microsoft_is_exactly_this(gateway: Any) -> None:
    """The published scopes and no more; code flow, PKCE S256, form_post, state, nonce, CAE."""
    assert set(scopes.PINNED[Access.FULL]) == GOOD_SCOPES
    asked = query_of((await gateway.start())[0])
    assert set(asked["scope"].split()) == GOOD_SCOPES | MSAL_SCOPES
    assert (asked["response_type"], asked["response_mode"]) == ("code", "form_post")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == f"{gateway.url}/api/v1/session/callback"
    assert asked["claims"] == '{"access_token": {"xms_cc": {"values": ["CP1"]}}}'
    assert asked["nonce"]
    assert asked["state"]


async def test_the_login_cookie_is_bound_to_this_host_and_unreadable(gateway: Any) -> None:
    """__Host- (Secure, Path=/, no Domain), HttpOnly; SameSite=None because Microsoft's form_post is cross-site."""
    answer = await gateway.client.post("/api/v1/session/sign-in", json={"challenge": "c" * 43})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert name == "__Host-mail-organiser-sign-in"
    assert attributes == {"httponly", "max-age=600", "path=/", "samesite=none", "secure"}


async def test_the_cookie_is_taken_back_after_the_callback(gateway: Any) -> None:
    """What it was for is over."""
    url, cookie = await gateway.start()
    answer = await gateway.callback(await gateway.authorize(url), cookie)
    assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_a_second_sign_in_finds_the_same_person_and_mailbox(gateway: Any) -> None:
    """Identity is (tid, oid); another person is another one."""
    first, second = await gateway.sign_in(), await gateway.sign_in()
    other = await gateway.sign_in(user="second@sandbox.test")
    who = [(await gateway.who(token["access_token"])).json() for token in (first, second, other)]
    assert who[0]["person"] == who[1]["person"] != who[2]["person"]
    assert who[0]["session"] != who[1]["session"]
    assert first["mailboxes"] == second["mailboxes"] != other["mailboxes"]
    assert rows(gateway, "person_key") == 2


async def test_nothing_that_was_said_is_in_the_database_in_plain(gateway: Any, at_rest: Callable[..., bytes]) -> None:
    """Not the address, the ids, the tokens, the state, the code, the verifier's hash source or the cookie."""
    url, cookie = await gateway.start()
    pending = query_of(url)["state"]
    fields = await gateway.authorize(url)
    code = (await gateway.callback(fields, cookie)).headers["location"].removeprefix("/#code=")
    second_url, second_cookie = await gateway.start()
    kept = at_rest(gateway.engine).upper()
    spoken = [pending, code, cookie.partition("=")[2], second_cookie.partition("=")[2], fields["code"]]
    spoken += [query_of(second_url)["state"], "owner@sandbox.test", "code_verifier"]
    for word in spoken:
        assert word.encode().upper() not in kept
        assert word.encode().hex().upper().encode() not in kept


async def test_a_state_works_once(gateway: Any) -> None:
    """A replayed callback is refused, also with the right cookie and before its code is looked at."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url)
    assert (await gateway.callback(fields, cookie)).status_code == 303
    again = await gateway.callback(fields, cookie)
    assert again.status_code == 400
    assert rows(gateway, "session") == 1


@pytest.mark.parametrize("change", [{"state": "made-up"}, {"state": ""}, {"state": None}])
async def test_an_unknown_state_is_refused(gateway: Any, change: dict[str, str | None]) -> None:
    """A callback that we did not ask for: cross-site request forgery."""
    url, cookie = await gateway.start()
    fields = {**await gateway.authorize(url), **change}
    sent = {name: value for name, value in fields.items() if value is not None}
    assert await refused(gateway, await gateway.callback(sent, cookie))


async def test_another_browser_is_refused_and_the_state_is_used_up(gateway: Any) -> None:
    """Without the cookie, or with another sign-in's; afterwards not even the right browser can go on."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url)
    assert await refused(gateway, await gateway.callback(fields, None))
    assert await refused(gateway, await gateway.callback(fields, cookie))
    url, cookie = await gateway.start()
    _, foreign = await gateway.start()
    assert await refused(gateway, await gateway.callback(await gateway.authorize(url), foreign))


async def test_an_old_state_is_refused(gateway: Any) -> None:
    """Ten minutes, by the row's own date."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url)
    with gateway.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sign_in SET expires_at = 1")
    assert await refused(gateway, await gateway.callback(fields, cookie))


async def test_a_doubled_parameter_is_refused(gateway: Any) -> None:
    """Two codes or two states: the one that is checked might not be the one that is used."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url)
    pairs = "&".join(f"{name}={value}" for name, value in [("code", "another"), *fields.items()])
    headers = {"cookie": cookie, "content-type": "application/x-www-form-urlencoded"}
    answer = await gateway.client.post("/api/v1/session/callback", content=pairs, headers=headers)
    assert await refused(gateway, answer)


async def test_the_callback_reads_forms_only(gateway: Any) -> None:
    """JSON and multipart are not what Microsoft sends."""
    answers = [
        await gateway.client.post("/api/v1/session/callback", json={"state": "x"}),
        await gateway.client.post("/api/v1/session/callback", files={"state": b"x"}),
    ]
    assert [answer.status_code for answer in answers] == [415, 415]


@pytest.mark.parametrize("fault", ["bad_iss", "bad_aud", "expired", "alg_none", "wrong_key", "wrong_tid", "bad_nonce"])
async def test_a_bad_id_token_admits_nobody(gateway: Any, sandbox: Any, fault: str) -> None:
    """MSAL lets all of them through but the nonce; nothing of the answer is kept."""
    sandbox.faults({"fault": fault, "rate": 1.0})
    url, cookie = await gateway.start()
    assert await refused(gateway, await gateway.callback(await gateway.authorize(url), cookie))


async def test_a_callback_from_another_issuer_is_refused_before_its_code_is_redeemed(
    gateway: Any, sandbox: Any
) -> None:
    """RFC 9207, which MSAL ignores: mix-up."""
    sandbox.faults({"fault": "bad_callback_iss", "rate": 1.0}, {"fault": "invalid_grant", "rate": 1.0})
    url, cookie = await gateway.start()
    assert await refused(gateway, await gateway.callback(await gateway.authorize(url), cookie))
    answered, redeemed = sandbox.control("GET", "/faults")["faults"]
    assert (answered["struck"], redeemed["struck"]) == (1, 0)


async def test_a_missing_issuer_is_refused_where_it_was_announced(gateway: Any) -> None:
    """The authority says that it always sends iss, so its absence means that somebody took it out."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url)
    del fields["iss"]
    assert await refused(gateway, await gateway.callback(fields, cookie))


async def test_a_wrong_pkce_verifier_redeems_nothing(gateway: Any) -> None:
    """The code belongs to the flow that asked for it: another flow's code does not fit this flow's verifier."""
    first_url, _ = await gateway.start()
    second_url, cookie = await gateway.start()
    stolen = await gateway.authorize(first_url)
    own = await gateway.authorize(second_url)
    assert await refused(gateway, await gateway.callback({**own, "code": stolen["code"]}, cookie))


@pytest.mark.parametrize("code", ["made-up", ""])
async def test_a_code_that_microsoft_does_not_know_is_refused(gateway: Any, code: str) -> None:
    """invalid_grant, or nothing to redeem at all."""
    url, cookie = await gateway.start()
    assert await refused(gateway, await gateway.callback({**await gateway.authorize(url), "code": code}, cookie))


async def test_declining_leads_back_to_the_page(gateway: Any) -> None:
    """The person said no at Microsoft: that is no attack, and the page tells them."""
    url, cookie = await gateway.start()
    answer = await gateway.callback(await gateway.authorize(url, approve="0"), cookie)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#refused=declined")
    assert untouched(gateway)


async def test_an_error_from_another_issuer_is_no_decline(gateway: Any) -> None:
    """The issuer is checked first, whatever the answer says."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url, approve="0")
    assert await refused(gateway, await gateway.callback({**fields, "iss": "https://evil.example"}, cookie))


async def test_a_tenant_outside_the_list_is_refused(run_gateway: Any) -> None:
    """An operator names who may sign in."""
    async with run_gateway(tenants=frozenset({"another-tenant"})) as gateway:
        url, cookie = await gateway.start()
        assert await refused(gateway, await gateway.callback(await gateway.authorize(url), cookie))


async def test_multi_tenant_sign_in_fits_the_issuer_template(run_gateway: Any, sandbox: Any) -> None:
    """With /common the announced issuer is a template; a good walk passes, a foreign tid does not."""
    async with run_gateway(authority=f"{sandbox.url}/common") as gateway:
        assert (await gateway.who((await gateway.sign_in())["access_token"])).status_code == 200
        sandbox.faults({"fault": "wrong_tid", "rate": 1.0})
        url, cookie = await gateway.start()
        assert (await gateway.callback(await gateway.authorize(url), cookie)).status_code == 400


async def test_a_refusal_repeats_nothing_and_logs_the_reason_only(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """MSAL's exceptions hold state and nonce; neither answer nor log does."""
    url, cookie = await gateway.start()
    fields = await gateway.authorize(url)
    answer = await gateway.callback({**fields, "code": "canary-code"}, cookie)
    line = capsys.readouterr().err
    assert '"reason": "code_refused"' in line
    for word in ("canary", fields["state"], query_of(url)["nonce"]):
        assert word not in answer.text
        assert word not in line


@pytest.mark.parametrize("challenge", ["", "short", "x" * 44, "=" * 43, "ö" * 43, "c" * 43 + "\n"])
async def test_a_malformed_challenge_starts_nothing(gateway: Any, challenge: str) -> None:
    """43 characters of base64url, which is what a SHA-256 has."""
    answer = await gateway.client.post("/api/v1/session/sign-in", json={"challenge": challenge})
    assert answer.status_code == 422
    assert not rows(gateway, "sign_in")


async def test_an_authority_that_is_down_is_503(run_gateway: Any) -> None:
    """Nobody can sign in meanwhile; it is said so, and nothing breaks."""
    async with run_gateway(authority="https://localhost:1/tenant") as gateway:
        answer = await gateway.client.post("/api/v1/session/sign-in", json={"challenge": "c" * 43})
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"


async def test_an_authority_with_another_ca_is_not_spoken_to(run_gateway: Any) -> None:
    """The public authorities don't vouch for it: TLS refuses before a secret is sent."""
    async with run_gateway(authority_ca_file=None) as gateway:
        answer = await gateway.client.post("/api/v1/session/sign-in", json={"challenge": "c" * 43})
    assert answer.status_code == 503


async def test_abandoned_sign_ins_are_swept_out(gateway: Any) -> None:
    """The next start deletes what nobody came back for."""
    await gateway.start()
    with gateway.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sign_in SET expires_at = 1")
    await gateway.start()
    assert rows(gateway, "sign_in") == 1


async def test_the_tokens_are_sealed_for_their_mailbox(gateway: Any) -> None:
    """The cache opens under the owner's key in its own cell, and holds the refresh token that scans need."""
    (mailbox_id,) = (await gateway.sign_in())["mailboxes"]
    with reading(gateway.engine) as connection:
        mailbox = mailboxes.get(connection, mailbox_id)
        row = token_caches.get(connection, mailbox_id)
        assert row is not None
        cache = gateway.vault.open(connection, mailbox.person_id, token_cell(mailbox_id), row.sealed)
        address = gateway.vault.open(connection, mailbox.person_id, address_cell(mailbox_id), mailbox.address_sealed)
        person = people.get(connection, mailbox.person_id)
    assert b"RefreshToken" in cache
    assert address == b"owner@sandbox.test"
    assert person.subject_index


async def test_a_certificate_that_nobody_uploaded_is_the_operators_to_mend(run_gateway: Any, tmp_path: Path) -> None:
    """MSAL signs with the pair; the sandbox knows only the secret: the person is told that it isn't their fault."""
    make(tmp_path / "app.pem", tmp_path / "app.key", "gateway")
    files = {"certificate_file": tmp_path / "app.pem", "private_key_file": SecretFile(tmp_path / "app.key")}
    async with run_gateway(client_secret_file=None, **files) as gateway:
        url, cookie = await gateway.start()
        answer = await gateway.callback(await gateway.authorize(url), cookie)
        assert answer.headers["location"] == "/#refused=registration_wrong"
        assert untouched(gateway)
        assert await gateway.microsoft.credential() is SignInReason.REGISTRATION_WRONG


async def test_a_certificate_serves_instead_of_a_secret(
    run_gateway: Any, tls: TlsFiles, port: int, tmp_path: Path
) -> None:
    """PS256 with x5t#S256, as Entra wants it: an authority that holds the .cer lets the whole walk through."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    make(folder / "app.pem", tmp_path / "app.key", "gateway")
    callback = f"https://localhost:{port}/api/v1/session/callback"
    running = start(
        folder, tls.authority, tls.certificate, tls.key, client_certificate="app.pem", redirect_uris=[callback]
    )
    pair = {"certificate_file": folder / "app.pem", "private_key_file": SecretFile(tmp_path / "app.key")}
    where = {"authority": running.tenant_authority, "client_id": running.settings["client_id"]}
    try:
        async with run_gateway(client_secret_file=None, **where, **pair) as gateway:
            (mailbox_id,) = (await gateway.sign_in())["mailboxes"]
            assert await gateway.source.access_token(mailbox_id)
            assert await gateway.microsoft.credential() is None
            assertion = gateway.microsoft._application(msal.SerializableTokenCache()).client.client_assertion
            header = jwt.get_unverified_header(assertion() if callable(assertion) else assertion)
    finally:
        running.stop()
    assert header["alg"] == "PS256"
    assert {"alg", "typ", "x5t#S256"} <= set(header)
    assert "x5t" not in header
