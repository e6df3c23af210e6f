"""The OIDC authority: MSAL's round trip, what it refuses, and what it gets wrong when told to."""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.testing import RunningSandbox

REDIRECT = "https://localhost:8080/callback"
SCOPES = ["Mail.ReadWrite", "User.Read"]
MSAL_ADVICE = "ignore:response_mode='form_post' is recommended"  # the other modes are tried on purpose


@pytest.fixture
def session(sandbox: RunningSandbox) -> Iterator[requests.Session]:
    """An HTTP session that trusts the test CA and nothing of the environment."""
    with requests.Session() as made:
        made.verify = str(sandbox.authority)
        made.trust_env = False
        yield made


@pytest.fixture
def application(sandbox: RunningSandbox, session: requests.Session) -> msal.PublicClientApplication:
    """MSAL, told where the authority is."""
    return msal.PublicClientApplication(
        sandbox.settings["client_id"],
        authority=sandbox.tenant_authority,
        instance_discovery=False,
        client_capabilities=["CP1"],
        http_client=session,
    )


def approve(session: requests.Session, uri: str, mode: str) -> dict[str, str]:
    """Walks the consent page as `up` does: reads its form, presses Approve; the callback's parameters."""
    page = session.get(uri)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text))
    form = {name: unescape(value) for name, value in fields.items()} | {"approve": "1", "user": "owner@sandbox.test"}
    answer = session.post(uri, data=form, allow_redirects=False)
    if mode == "form_post":
        assert f'action="{REDIRECT}"' in answer.text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text))
        return {name: unescape(value) for name, value in fields.items()}
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    return dict(one for one in parse_pairs(where.query if mode == "query" else where.fragment))


def parse_pairs(text: str) -> list[tuple[str, str]]:
    return [(name, values[0]) for name, values in parse_qs(text).items()]


def sign_in(application: msal.ClientApplication, session: requests.Session, mode: str) -> dict[str, Any]:
    flow = application.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT, response_mode=mode)
    result: dict[str, Any] = application.acquire_token_by_auth_code_flow(flow, approve(session, flow["auth_uri"], mode))
    return result


@pytest.mark.filterwarnings(MSAL_ADVICE)
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_msal_signs_in_and_refreshes(
    sandbox: RunningSandbox, application: msal.PublicClientApplication, session: requests.Session, mode: str
) -> None:
    """MSAL does code, PKCE and nonce in each response mode, knows the account, and refreshes with a rotated token."""
    result = sign_in(application, session, mode)
    assert result["token_type"] == "Bearer"
    assert result["id_token_claims"]["preferred_username"] == "owner@sandbox.test"
    (account,) = application.get_accounts()
    claims = result["id_token_claims"]
    assert account["home_account_id"] == f"{claims['oid']}.{claims['tid']}"
    again = application.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert again["access_token"] != result["access_token"]
    headers = {"Authorization": f"Bearer {again['access_token']}"}
    assert session.get(f"{sandbox.graph}/me", headers=headers).status_code == 200


def test_the_id_token_is_as_entra_makes_it(sandbox: RunningSandbox) -> None:
    """RS256 by a published key that isn't the first, with the claims that identify a person."""
    token = sandbox.sign_in("User.Read")["id_token"]
    keys = fetch(sandbox, f"/{sandbox.settings['tenant_id']}/discovery/v2.0/keys")["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    assert [key["kid"] == kid for key in keys] == [False, True]
    key = jwt.PyJWK(keys[1])
    claims = jwt.decode(token, key, ["RS256"], audience=sandbox.settings["client_id"], issuer=issuer(sandbox))
    assert claims["ver"] == "2.0"
    assert claims["tid"] == sandbox.settings["tenant_id"]
    assert claims["nonce"] == "nonce"
    assert {"oid", "sub", "exp", "iat", "nbf"} <= set(claims)


def issuer(sandbox: RunningSandbox) -> str:
    return f"{sandbox.tenant_authority}/v2.0"


def fetch(sandbox: RunningSandbox, path: str) -> Any:
    status, _, raw = sandbox.http("GET", path)
    assert status == 200
    return json.loads(raw)


def test_discovery_names_the_tenant_or_a_template(sandbox: RunningSandbox) -> None:
    """Our tenant has an issuer with "sandbox" in it; the aliases have Entra's template; others are unknown."""
    path = "/v2.0/.well-known/openid-configuration"
    own = fetch(sandbox, f"/{sandbox.settings['tenant_id']}{path}")
    assert own["issuer"] == issuer(sandbox)
    assert "sandbox" in own["issuer"]
    assert own["code_challenge_methods_supported"] == ["S256"]
    for alias in ("common", "organizations", "consumers"):
        assert fetch(sandbox, f"/{alias}{path}")["issuer"] == f"{sandbox.url}/{{tenantid}}/v2.0"
    assert sandbox.http("GET", f"/somebody-else{path}")[0] == 400


def ask(sandbox: RunningSandbox, **changes: str | None) -> tuple[int, dict[str, str]]:
    """One authorization request with PKCE, changed as told: status, and the callback's parameters if there are any."""
    query = {"client_id": sandbox.settings["client_id"], "response_type": "code", "scope": "openid Mail.ReadWrite"}
    query |= {"redirect_uri": REDIRECT, "code_challenge": "a" * 43, "code_challenge_method": "S256", "state": "s"}
    merged = {name: value for name, value in {**query, "approve": "1", **changes}.items() if value is not None}
    status, headers, _ = sandbox.http("GET", f"/common/oauth2/v2.0/authorize?{urlencode(merged)}")
    return status, dict(parse_pairs(urlsplit(headers.get("location", "")).query))


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": None},
        {"response_mode": "web_message"},
    ],
)
def test_an_untrusted_request_is_never_redirected(sandbox: RunningSandbox, changes: dict[str, str | None]) -> None:
    """Unknown client, unregistered redirect URI, unknown mode: a page, no redirect."""
    assert ask(sandbox, **changes) == (400, {})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "Mail.ReadWrite"}, "invalid_scope"),
        ({"scope": "openid Mail.Send"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"approve": "0"}, "access_denied"),
        ({"user": "stranger@sandbox.test"}, "access_denied"),
    ],
)
def test_a_wrong_request_gets_its_error(sandbox: RunningSandbox, changes: dict[str, str | None], error: str) -> None:
    """Errors go back with state and iss; PKCE is S256 or nothing, scopes are a closed set."""
    status, answer = ask(sandbox, **changes)
    assert (status, answer["error"], answer["state"], answer["iss"]) == (303, error, "s", issuer(sandbox))


def test_nothing_is_granted_without_approval(sandbox: RunningSandbox) -> None:
    """Without approve there is a page with a form, whose text is escaped."""
    status, _ = ask(sandbox, approve=None)
    assert status == 200
    query = urlencode({"client_id": '"><script>', "redirect_uri": "x"})
    _, _, raw = sandbox.http("GET", f"/common/oauth2/v2.0/authorize?{query}")
    assert b"<script>" not in raw


def code_form(sandbox: RunningSandbox) -> dict[str, str]:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    _, answer = ask(sandbox, code_challenge=challenge, scope="openid offline_access Mail.ReadBasic")
    form = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": verifier}
    return form | {"redirect_uri": REDIRECT}


@pytest.mark.parametrize("change", [{"code_verifier": "w" * 43}, {"redirect_uri": "https://x/"}, {"code": "made-up"}])
def test_a_code_needs_its_verifier_and_address(sandbox: RunningSandbox, change: dict[str, str]) -> None:
    """Wrong verifier, address or code: invalid_grant, and the code is used up."""
    form = code_form(sandbox)
    status, answer = sandbox.token_answer(form | change)
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert sandbox.token_answer(form)[0] == (200 if "code" in change else 400)


def test_a_code_used_twice_ends_the_sign_in(sandbox: RunningSandbox) -> None:
    """The second use is refused and revokes the tokens of the first."""
    form = code_form(sandbox)
    _, first = sandbox.token_answer(form)
    assert sandbox.token_answer(form)[1]["error"] == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert sandbox.token_answer(refresh)[1]["error"] == "invalid_grant"


def refresh(sandbox: RunningSandbox, token: str, **more: str) -> tuple[int, dict[str, Any]]:
    return sandbox.token_answer({"grant_type": "refresh_token", "refresh_token": token} | more)


def test_a_refresh_token_works_once_and_reuse_ends_the_family(sandbox: RunningSandbox) -> None:
    """Rotation: the new one works, the old one doesn't, and using the old one ends the new one too."""
    first = sandbox.sign_in("Mail.ReadBasic")["refresh_token"]
    status, second = refresh(sandbox, first)
    assert status == 200
    assert second["refresh_token"] != first
    assert refresh(sandbox, first)[1]["error"] == "invalid_grant"
    assert refresh(sandbox, second["refresh_token"])[1]["error"] == "invalid_grant"


def test_a_refresh_never_widens_scopes(sandbox: RunningSandbox) -> None:
    """What was not consented to is refused."""
    token = sandbox.sign_in("Mail.ReadBasic")["refresh_token"]
    assert refresh(sandbox, token, scope="Mail.ReadWrite")[1]["error"] == "invalid_grant"


def test_other_grants_and_clients_are_refused(sandbox: RunningSandbox) -> None:
    """No password, device or client-credential grant; a public client brings no secret; strangers are refused."""
    for kind in ("password", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"):
        assert sandbox.token_answer({"grant_type": kind})[1]["error"] == "unsupported_grant_type"
    assert sandbox.token_answer({"grant_type": "refresh_token", "client_secret": "x"})[1]["error"] == "invalid_client"
    assert sandbox.token_answer({"client_id": "other"})[1]["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("fault", "claim"),
    [("bad_nonce", "nonce"), ("bad_iss", "iss"), ("bad_aud", "aud"), ("expired", "exp"), ("wrong_tid", "tid")],
)
def test_a_token_lies_in_one_claim(sandbox: RunningSandbox, fault: str, claim: str) -> None:
    """The fault changes that claim and no other that identifies."""
    steady = ("nonce", "iss", "aud", "tid", "oid", "preferred_username", "ver")
    right = payload(sandbox.sign_in("User.Read")["id_token"])
    sandbox.faults({"fault": fault, "rate": 1})
    wrong = payload(sandbox.sign_in("User.Read")["id_token"])
    assert {name for name in steady if right[name] != wrong[name]} == ({claim} - {"exp"})
    assert (wrong["exp"] <= wrong["iat"]) == (fault == "expired")


def payload(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


@pytest.mark.parametrize("fault", ["alg_none", "wrong_key"])
def test_a_token_with_a_worthless_signature(sandbox: RunningSandbox, fault: str) -> None:
    """No signature, or one by a key that nobody published, under the kid of one that is."""
    sandbox.faults({"fault": fault, "rate": 1})
    token = sandbox.sign_in("User.Read")["id_token"]
    header = jwt.get_unverified_header(token)
    keys = {one["kid"]: one for one in fetch(sandbox, "/common/discovery/v2.0/keys")["keys"]}
    if fault == "alg_none":
        assert (header["alg"], token.rpartition(".")[2]) == ("none", "")
        return
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, jwt.PyJWK(keys[header["kid"]]), ["RS256"], audience=sandbox.settings["client_id"])


def test_msal_takes_what_it_should_not(
    sandbox: RunningSandbox, application: msal.PublicClientApplication, session: requests.Session
) -> None:
    """MSAL itself accepts an unsigned, expired token for somebody else: whoever relies on it is fooled here."""
    sandbox.faults(*({"fault": fault, "rate": 1} for fault in ("alg_none", "bad_iss", "bad_aud", "expired")))
    assert "access_token" in sign_in(application, session, "form_post")


def test_bad_callback_iss(sandbox: RunningSandbox) -> None:
    """The callback names another issuer."""
    sandbox.faults({"fault": "bad_callback_iss", "rate": 1})
    assert ask(sandbox)[1]["iss"] != issuer(sandbox)


def test_invalid_grant(sandbox: RunningSandbox) -> None:
    """A good refresh token is refused, as when an administrator revoked it."""
    token = sandbox.sign_in("User.Read")["refresh_token"]
    sandbox.faults({"fault": "invalid_grant", "rate": 1})
    assert refresh(sandbox, token)[1]["error"] == "invalid_grant"


def test_msal_proves_itself_by_certificate(start_sandbox: Callable[..., RunningSandbox], tmp_path: Path) -> None:
    """A confidential client signs an assertion with its certificate's key; another key, or a secret, is refused."""
    own, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    (tmp_path / "client.pem").write_bytes(self_signed(own))
    running = start_sandbox(client_certificate="client.pem")
    with requests.Session() as session:
        session.verify, session.trust_env = str(running.authority), False
        for key, granted in ((own, True), (other, False)):
            credential = {"private_key": pem(key), "public_certificate": self_signed(key).decode()}
            application = msal.ConfidentialClientApplication(
                running.settings["client_id"],
                client_credential=credential,
                authority=running.tenant_authority,
                instance_discovery=False,
                http_client=session,
            )
            assert ("access_token" in sign_in(application, session, "form_post")) is granted
    for form in ({}, {"client_secret": "x"}):
        assert running.token_answer({"grant_type": "refresh_token"} | form)[1]["error"] == "invalid_client"


def pem(key: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def self_signed(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    now = dt.datetime.now(dt.UTC)
    serial = x509.random_serial_number()
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, now, now + dt.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
