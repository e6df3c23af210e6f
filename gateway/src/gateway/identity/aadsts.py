"""Microsoft's error numbers (AADSTS...) in our closed words. Its texts hold names, addresses and ids: they end here.

Guarantees: whatever Microsoft says becomes one of our reasons; a number that is not in a table becomes the general one.
Source of the numbers: learn.microsoft.com/entra/identity-platform/reference-error-codes. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.identity.refusal import SignInReason
from gateway.store.codes import Need

_NUMBER: Final = re.compile(r"AADSTS(\d{4,9})\b", re.ASCII)
_POLICY: Final = (53000, 53001, 53002, 53003, 53004, 530001, 530002, 530003, 530004, 530032, 50097, 50129)
_BLOCKED: Final = (50034, 50053, 50055, 50057)

_REFUSED: Final[Mapping[int, SignInReason]] = {
    65004: SignInReason.DECLINED,
    **dict.fromkeys((65001, 65005, 90093, 90094, 900941, 90008), SignInReason.ADMIN_CONSENT_NEEDED),
    50105: SignInReason.NOT_ASSIGNED,
    **dict.fromkeys(_POLICY, SignInReason.BLOCKED_BY_POLICY),
    **dict.fromkeys(_BLOCKED, SignInReason.ACCOUNT_BLOCKED),
    **dict.fromkeys((50020, 50128, 50059, 50194, 500208, 500212, 9002325, 9002331), SignInReason.WRONG_ACCOUNT_KIND),
    **dict.fromkeys(
        (50011, 700016, 700025, 700027, 7000112, 7000215, 7000218, 7000222, 700030, 90002, 900023),
        SignInReason.REGISTRATION_WRONG,
    ),
}
_ERRORS: Final[Mapping[str, SignInReason]] = {
    "access_denied": SignInReason.DECLINED,
    "consent_required": SignInReason.ADMIN_CONSENT_NEEDED,
    "invalid_client": SignInReason.REGISTRATION_WRONG,
    "unauthorized_client": SignInReason.REGISTRATION_WRONG,
    "temporarily_unavailable": SignInReason.MICROSOFT_BUSY,
    "server_error": SignInReason.MICROSOFT_BUSY,
}
_NEEDS: Final[Mapping[int, Need]] = {
    **dict.fromkeys((50133, 50173, 500133), Need.PASSWORD_CHANGED),
    **dict.fromkeys((70008, 70043, 700081, 700082, 700084), Need.EXPIRED),
    **dict.fromkeys((65001, 65004), Need.CONSENT_REVOKED),
    **dict.fromkeys((50072, 50074, 50076, 50078, 50079, 50158), Need.MORE_PROOF),
    **dict.fromkeys(_POLICY, Need.BLOCKED_BY_POLICY),
    **dict.fromkeys(_BLOCKED, Need.ACCOUNT_BLOCKED),
}


def refused(answer: Mapping[str, Any], otherwise: SignInReason) -> SignInReason:
    """Why a sign-in came back with an error: from the number, else from OAuth's `error`, else `otherwise`."""
    for number in _numbers(answer):
        if number in _REFUSED:
            return _REFUSED[number]
    return _ERRORS.get(str(answer.get("error")), otherwise)


def need(answer: Mapping[str, Any]) -> Need:
    """Why a refresh token no longer works."""
    return next((_NEEDS[number] for number in _numbers(answer) if number in _NEEDS), Need.REVOKED)


def _numbers(answer: Mapping[str, Any]) -> Iterable[int]:
    codes = answer.get("error_codes")  # the token endpoint's own list; a callback has the text alone
    if isinstance(codes, list):
        yield from (code for code in codes if isinstance(code, int))
    found = _NUMBER.match(str(answer.get("error_description", "")))
    if found:
        yield int(found[1])
