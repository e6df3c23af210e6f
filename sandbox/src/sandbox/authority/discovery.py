"""Discovery document and JWKS."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.authority import failure
from sandbox.authority.office import ALIASES, Office
from sandbox.authority.scopes import KNOWN


def discovery(office: Office, request: Request) -> Response:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    tenant = request.path_params["tenant"]
    if not office.knows_tenant(tenant):
        return failure.unknown_tenant()
    return JSONResponse(_document(office, tenant))


def keys(office: Office, request: Request) -> Response:
    """GET /{tenant}/discovery/v2.0/keys."""
    if not office.knows_tenant(request.path_params["tenant"]):
        return failure.unknown_tenant()
    return JSONResponse(office.keys.jwks())


def _document(office: Office, tenant: str) -> dict[str, Any]:
    at = f"{office.identity.base_url}/{tenant}"
    # For its aliases Entra publishes a template instead of an issuer; only a pinned tenant has one to compare.
    issuer = f"{office.identity.base_url}/{{tenantid}}/v2.0" if tenant in ALIASES else office.identity.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
        "token_endpoint": f"{at}/oauth2/v2.0/token",
        "jwks_uri": f"{at}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": sorted(KNOWN),
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "oid",
            "ver",
        ],
        "tenant_region_scope": "sandbox",
    }
