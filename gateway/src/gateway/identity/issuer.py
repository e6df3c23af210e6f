"""The callback's `iss` (RFC 9207), which MSAL ignores: an answer must come from the authority that was asked.

Guarantees: required where the authority announces it, compared wherever it is present. With an issuer template
("{tenantid}", multi-tenant) it must fit the template before the code is redeemed, and name the token's own tenant
afterwards. Pure.
"""

import re
from collections.abc import Mapping

from gateway.identity.authority import TENANT_PLACEHOLDER, Metadata
from gateway.identity.refusal import SignInReason, SignInRefused

_TENANT = "[0-9A-Za-z-]{1,64}"


def check_before_redeeming(params: Mapping[str, str], metadata: Metadata) -> None:
    """SignInRefused when the callback's issuer is missing though announced, or isn't this authority's."""
    issuer = params.get("iss")
    if issuer is None:
        if metadata.authorization_response_iss_parameter_supported:
            raise SignInRefused(SignInReason.ISSUER_MISMATCH)
        return
    template = re.escape(metadata.issuer).replace(re.escape(TENANT_PLACEHOLDER), _TENANT)
    if not re.fullmatch(template, issuer):
        raise SignInRefused(SignInReason.ISSUER_MISMATCH)


def check_after_verifying(params: Mapping[str, str], metadata: Metadata, tid: str) -> None:
    """SignInRefused when the callback's issuer is another tenant's than the verified token's."""
    issuer = params.get("iss")
    if issuer is not None and issuer != metadata.issuer.replace(TENANT_PLACEHOLDER, tid):
        raise SignInRefused(SignInReason.ISSUER_MISMATCH)
