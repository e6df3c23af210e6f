"""Why a sign-in was refused, in words that are ours.

Guarantees: a closed list of reasons, each with one fixed sentence. Must never carry anything that a browser,
Microsoft or a library said: MSAL's exceptions hold the state and the nonce.
"""

from enum import StrEnum
from typing import ClassVar, Final

import grpc

from chassis.errors import ServiceError


class SignInReason(StrEnum):
    """The closed list. Metrics and alerts count by these words."""

    STATE_UNKNOWN = "state_unknown"
    OTHER_BROWSER = "other_browser"
    DECLINED = "declined"
    ISSUER_MISMATCH = "issuer_mismatch"
    CODE_REFUSED = "code_refused"
    TOKEN_INVALID = "token_invalid"  # noqa: S105  # a reason's name, no secret
    NONCE_MISMATCH = "nonce_mismatch"
    TENANT_NOT_ALLOWED = "tenant_not_allowed"
    EXCHANGE_REFUSED = "exchange_refused"


SENTENCES: Final = {
    SignInReason.STATE_UNKNOWN: "This sign-in is unknown, used or too old. Start again.",
    SignInReason.OTHER_BROWSER: "This sign-in was started in another browser. Start again in this one.",
    SignInReason.DECLINED: "Microsoft reports that the sign-in was declined or failed. Start again to retry.",
    SignInReason.ISSUER_MISMATCH: "The answer did not come from the authority that was asked. Start again.",
    SignInReason.CODE_REFUSED: "Microsoft refused the authorization code. Start again.",
    SignInReason.TOKEN_INVALID: "The identity token failed verification. Start again or tell your operator.",
    SignInReason.NONCE_MISMATCH: "The identity token belongs to another sign-in. Start again.",
    SignInReason.TENANT_NOT_ALLOWED: "This organisation may not sign in here. Ask your operator to allow it.",
    SignInReason.EXCHANGE_REFUSED: "The one-time code is unknown, used, too old or not yours. Start again.",
}


class SignInRefused(ServiceError):
    """A sign-in step was refused; `reason` says which, the detail is the reason's fixed sentence."""

    code: ClassVar[str] = "sign_in_refused"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 400
    title: ClassVar[str] = "Sign-in refused"

    def __init__(self, reason: SignInReason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason: Final = reason
