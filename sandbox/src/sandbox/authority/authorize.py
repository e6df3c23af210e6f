"""The authorization endpoint: code flow with PKCE S256, nothing else.

The steps: (1) who asks and where the answer may go - a mistake here is shown, never redirected; (2) what is asked; (3)
approval; (4) the answer, always with `state` and `iss` (RFC 9207).
"""

import dataclasses
import re
import secrets
import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.account import Account
from sandbox.authority import page, scopes
from sandbox.authority.grants import Grant
from sandbox.authority.office import Office
from sandbox.faults import Fault

ROUTE = "GET /{tenant}/oauth2/v2.0/authorize"
MODES = ("query", "fragment", "form_post")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7636: SHA-256 in base64url
SEE_OTHER = 303  # RFC 9700: a POST must not be sent on


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A request whose way back is trusted."""

    redirect_uri: str
    mode: str
    state: str
    fields: Mapping[str, str]


async def authorize(office: Office, request: Request) -> Response:
    """GET or POST /{tenant}/oauth2/v2.0/authorize."""
    fields = dict(request.query_params)
    if request.method == "POST":
        fields |= {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    stop = _untrusted(office, request.path_params["tenant"], fields)  # (1)
    if stop:
        return page.refusal(stop)
    asked = Asked(fields["redirect_uri"], fields.get("response_mode", "query"), fields.get("state", ""), fields)
    return _decide(office, asked)


def _untrusted(office: Office, tenant: str, fields: Mapping[str, str]) -> str | None:
    if not office.knows_tenant(tenant):
        return "AADSTS90002: the tenant is not the sandbox's."
    if fields.get("client_id") != office.identity.client_id:
        return "AADSTS700016: the application is not registered here; check client_id."
    if fields.get("redirect_uri") not in office.redirect_uris:
        return "AADSTS50011: the redirect URI is not registered; add it to redirect_uris."
    if fields.get("response_mode", "query") not in MODES:
        return "AADSTS70007: response_mode must be query, fragment or form_post."
    return None


def _decide(office: Office, asked: Asked) -> Response:
    refused = _mistake(asked.fields)  # (2)
    if refused:
        return _answer(office, asked, {"error": refused[0], "error_description": refused[1]})
    approve = asked.fields.get("approve")
    if approve is None:  # (3)
        return _question(office, asked)
    account = _who(office, asked.fields)
    if approve != "1" or account is None:
        return _answer(office, asked, {"error": "access_denied", "error_description": "AADSTS65004: User declined."})
    return _answer(office, asked, _granted(office, asked, account))


def _mistake(fields: Mapping[str, str]) -> tuple[str, str] | None:
    if fields.get("response_type") != "code":
        return "unsupported_response_type", "AADSTS700054: response_type must be code."
    if fields.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(fields.get("code_challenge", "")):
        return "invalid_request", "AADSTS50147: PKCE with code_challenge_method S256 is required."
    if scopes.OPENID not in fields.get("scope", "").split() or scopes.unknown(fields["scope"]):
        return "invalid_scope", "AADSTS70011: scope must contain openid and only scopes that the sandbox grants."
    if fields.get("prompt") == "none":
        return "login_required", "AADSTS50058: A silent sign-in was asked for and nobody is signed in."
    return None


def _question(office: Office, asked: Asked) -> Response:
    hint = asked.fields.get("login_hint", "").casefold()
    people = sorted((one.principal for one in office.accounts.values()), key=lambda one: one.casefold() != hint)
    return page.consent(asked.fields, people, asked.fields["scope"])


def _who(office: Office, fields: Mapping[str, str]) -> Account | None:
    wanted = fields.get("user") or fields.get("login_hint")
    if wanted is None:
        return next(iter(office.accounts.values()))
    return next((one for one in office.accounts.values() if one.principal.casefold() == wanted.casefold()), None)


def _granted(office: Office, asked: Asked, account: Account) -> dict[str, str]:
    grant = Grant(office.identity.client_id, account.oid, asked.fields["scope"], str(uuid.uuid4()))
    code = office.grants.code(grant, asked.redirect_uri, asked.fields["code_challenge"], asked.fields.get("nonce"))
    granted = {"code": code, "session_state": secrets.token_urlsafe(16)}
    if asked.fields.get("client_info") == "1":
        granted["client_info"] = office.mint.client_info(account)
    return granted


def _answer(office: Office, asked: Asked, values: dict[str, str]) -> Response:
    issuer = office.identity.issuer
    if office.faults.strikes(Fault.BAD_CALLBACK_ISS, ROUTE):
        issuer = f"{office.identity.base_url}/not-this-one/v2.0"
    fields = values | {"state": asked.state, "iss": issuer}  # (4)
    if asked.mode == "form_post":
        return page.post_back(asked.redirect_uri, fields)
    joint = "#" if asked.mode == "fragment" else "&" if "?" in asked.redirect_uri else "?"
    return RedirectResponse(asked.redirect_uri + joint + urlencode(fields), SEE_OTHER, {"Cache-Control": "no-store"})
