"""The access token of a Graph request: who calls and for which scopes.

Refuses by default: no token, a broken, expired or foreign one, one whose account is gone, one that a claims challenge
has outdated.
"""

import base64
import json

from sandbox.account import Account
from sandbox.authority.office import Office
from sandbox.authority.tokens import Refused
from sandbox.graph.error import GraphError

GRAPH_CLIENT_ID = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph's own


def caller(office: Office, authorization: str) -> tuple[Account, frozenset[str]]:
    """The account and scopes that an Authorization header proves; GraphError 401 otherwise."""
    kind, _, token = authorization.partition(" ")
    if kind.casefold() != "bearer" or not token:
        raise unauthenticated(office, "Access token is empty.")
    try:
        claims = office.mint.opened(token)
    except Refused as refused:
        raise unauthenticated(office, str(refused)) from None
    account = office.accounts.get(claims["oid"])
    if account is None:
        raise unauthenticated(office, "The user account does not exist in this directory.")
    wanted = office.challenges.unanswered(account.oid, claims["challenge"])
    if wanted is not None:
        raise challenge(office, wanted)
    return account, frozenset(claims["scp"].split())


def unauthenticated(office: Office, sentence: str) -> GraphError:
    """A 401 that asks for a (new) token."""
    return GraphError(401, "InvalidAuthenticationToken", sentence, _authenticate(office, 'error="invalid_token"'))


def challenge(office: Office, wanted: str) -> GraphError:
    """A 401 that asks for a token with these claims (continuous access evaluation)."""
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": wanted}}})
    encoded = base64.b64encode(claims.encode()).decode()
    detail = f'error="insufficient_claims", claims="{encoded}"'
    sentence = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
    return GraphError(401, "InvalidAuthenticationToken", sentence, _authenticate(office, detail))


def _authenticate(office: Office, detail: str) -> dict[str, str]:
    where = f"{office.identity.base_url}/common/oauth2/v2.0/authorize"
    return {
        "WWW-Authenticate": f'Bearer realm="", authorization_uri="{where}", client_id="{GRAPH_CLIENT_ID}", {detail}'
    }
