"""The authority's errors in Entra's shape: fixed sentences, nothing of what the caller sent."""

import uuid

from starlette.responses import JSONResponse, Response

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    """An RFC 6749 error with Entra's extra members."""
    trace = {"trace_id": str(uuid.uuid4()), "correlation_id": str(uuid.uuid4())}
    body = {"error": error, "error_description": description, "error_codes": [_number(description)], **trace}
    return JSONResponse(body, status, NO_STORE)


def _number(description: str) -> int:
    digits = description.partition(":")[0].removeprefix("AADSTS")
    return int(digits) if digits.isdigit() else 0


def unknown_tenant() -> Response:
    """The path names a tenant that isn't ours."""
    return oauth_error("invalid_tenant", "AADSTS90002: Tenant not found. Check that the tenant id is the sandbox's.")
