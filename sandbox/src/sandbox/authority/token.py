"""The token endpoint: authorization_code and refresh_token.

The steps: (1) tenant and client, (2) the grant, (3) scopes no wider than granted, (4) tokens.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.authority import failure, scopes
from sandbox.authority.grants import Grant, InvalidGrant
from sandbox.authority.office import Office
from sandbox.authority.tokens import TOKEN_ROUTE
from sandbox.faults import Fault


async def token(office: Office, request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/token."""
    if not office.knows_tenant(request.path_params["tenant"]):  # (1)
        return failure.unknown_tenant()
    fields = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    fields |= _basic(request.headers.get("authorization", ""))
    stop = office.client.refusal(fields, _endpoint(office, request))
    if stop:
        return failure.oauth_error("invalid_client", stop, 401)
    if office.faults.strikes(Fault.INVALID_GRANT, TOKEN_ROUTE):
        return failure.oauth_error("invalid_grant", "AADSTS50173: The grant has been revoked; sign in again.")
    try:
        return _redeemed(office, fields)
    except InvalidGrant as refused:
        return failure.oauth_error("invalid_grant", str(refused))


def _endpoint(office: Office, request: Request) -> str:
    return f"{office.identity.base_url}/{request.path_params['tenant']}/oauth2/v2.0/token"


def _basic(header: str) -> dict[str, str]:
    kind, _, credentials = header.partition(" ")
    if kind.casefold() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return {"client_secret": ""}
    return {"client_id": unquote(name), "client_secret": unquote(secret)}


def _redeemed(office: Office, fields: Mapping[str, str]) -> Response:
    nonce = None
    match fields.get("grant_type"):  # (2)
        case "authorization_code":
            terms = office.grants.redeem(
                fields.get("code", ""), fields["client_id"], fields.get("redirect_uri", ""), _challenge(fields)
            )
            grant, nonce = terms.grant, terms.nonce
        case "refresh_token":
            grant = office.grants.rotate(fields.get("refresh_token", ""), fields["client_id"])
        case _:
            return failure.oauth_error("unsupported_grant_type", "AADSTS70003: This grant type is not served here.")
    wanted = fields.get("scope") or grant.scope
    if scopes.unknown(wanted) or not scopes.graph_scopes(wanted) <= scopes.graph_scopes(grant.scope):  # (3)
        raise InvalidGrant("AADSTS65001: The user has not consented to these scopes.")
    return JSONResponse(_tokens(office, fields, grant, wanted, nonce), headers=failure.NO_STORE)


def _challenge(fields: Mapping[str, str]) -> str:
    digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _tokens(office: Office, fields: Mapping[str, str], grant: Grant, wanted: str, nonce: str | None) -> dict[str, Any]:
    account = office.accounts.get(grant.oid)
    if account is None:
        raise InvalidGrant("AADSTS50034: The account does not exist in this sandbox any more.")
    scope = scopes.granted(wanted)
    seconds = office.mint.access_seconds
    answer: dict[str, Any] = {"token_type": "Bearer", "scope": scope, "expires_in": seconds, "ext_expires_in": seconds}
    graph_scopes = " ".join(sorted(scopes.graph_scopes(wanted)))
    answer["access_token"] = office.mint.access_token(account, graph_scopes, _answered(fields))  # (4)
    if scopes.OFFLINE in grant.scope.split():
        answer["refresh_token"] = office.grants.refresh_token(grant)
    if scopes.OPENID in wanted.split():
        answer["id_token"] = office.mint.id_token(account, nonce)
    if fields.get("client_info") == "1":
        answer["client_info"] = office.mint.client_info(account)
    return answer


def _answered(fields: Mapping[str, str]) -> str | None:
    try:
        value = json.loads(fields.get("claims", "{}"))["access_token"]["nbf"]["value"]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
