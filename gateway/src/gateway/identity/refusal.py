"""Why a sign-in was refused, in words that are ours.

Guarantees: a closed list of reasons, each with one fixed sentence. Must never carry anything that a browser,
Microsoft or a library said: MSAL's exceptions hold the state and the nonce, Microsoft's texts names and addresses.
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
    ADMIN_CONSENT_NEEDED = "admin_consent_needed"
    NOT_ASSIGNED = "not_assigned"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    ACCOUNT_BLOCKED = "account_blocked"
    WRONG_ACCOUNT_KIND = "wrong_account_kind"
    REGISTRATION_WRONG = "registration_wrong"
    MICROSOFT_BUSY = "microsoft_busy"
    ISSUER_MISMATCH = "issuer_mismatch"
    CODE_REFUSED = "code_refused"
    TOKEN_INVALID = "token_invalid"  # noqa: S105  # a reason's name, no secret
    NONCE_MISMATCH = "nonce_mismatch"
    TENANT_NOT_ALLOWED = "tenant_not_allowed"
    SCOPES_MISSING = "scopes_missing"
    SCOPES_TOO_WIDE = "scopes_too_wide"
    SIGNED_OUT = "signed_out"
    OTHER_ACCOUNT = "other_account"
    CONNECTED_ELSEWHERE = "connected_elsewhere"
    TOO_MANY_MAILBOXES = "too_many_mailboxes"
    EXCHANGE_REFUSED = "exchange_refused"


SENTENCES: Final = {
    SignInReason.STATE_UNKNOWN: "This sign-in is unknown, used or too old. Start again.",
    SignInReason.OTHER_BROWSER: "This sign-in was started in another browser. Start again in this one.",
    SignInReason.DECLINED: "Microsoft reports that the sign-in was declined or failed. Start again to retry.",
    SignInReason.ADMIN_CONSENT_NEEDED: "Your organisation wants an administrator to agree first. Ask one to do so.",
    SignInReason.NOT_ASSIGNED: "Your administrator has not assigned this application to you. Ask for it.",
    SignInReason.BLOCKED_BY_POLICY: "A policy of your organisation blocked this sign-in. Ask your IT about it.",
    SignInReason.ACCOUNT_BLOCKED: "Microsoft says that this account is disabled, locked or gone. Ask your IT.",
    SignInReason.WRONG_ACCOUNT_KIND: "This kind of account may not sign in here. Use another, or ask your operator.",
    SignInReason.REGISTRATION_WRONG: "Microsoft refused this installation, not you. Ask your operator to run doctor.",
    SignInReason.MICROSOFT_BUSY: "Microsoft's sign-in has trouble at the moment. Try again in a few minutes.",
    SignInReason.ISSUER_MISMATCH: "The answer did not come from the authority that was asked. Start again.",
    SignInReason.CODE_REFUSED: "Microsoft refused the authorization code. Start again.",
    SignInReason.TOKEN_INVALID: "The identity token failed verification. Start again or tell your operator.",
    SignInReason.NONCE_MISMATCH: "The identity token belongs to another sign-in. Start again.",
    SignInReason.TENANT_NOT_ALLOWED: "This organisation may not sign in here. Ask your operator to allow it.",
    SignInReason.SCOPES_MISSING: "Microsoft did not grant what is needed to look at mail. Start again and agree to it.",
    SignInReason.SCOPES_TOO_WIDE: "Microsoft granted more than is asked for. Ask your operator to take the rest away.",
    SignInReason.SIGNED_OUT: "You were signed out while you were at Microsoft. Sign in and start again.",
    SignInReason.OTHER_ACCOUNT: "You signed in with another Microsoft account than this mailbox's. Start again.",
    SignInReason.CONNECTED_ELSEWHERE: "This Microsoft account belongs to another person here. Sign in as that person.",
    SignInReason.TOO_MANY_MAILBOXES: "As many mailboxes are connected as one person may have.",
    SignInReason.EXCHANGE_REFUSED: "The one-time code is unknown, used, too old or not yours. Start again.",
}

TOLD_BY_MICROSOFT: Final = frozenset(  # no attack: the person is led back to the page, which says why
    {
        SignInReason.DECLINED,
        SignInReason.ADMIN_CONSENT_NEEDED,
        SignInReason.NOT_ASSIGNED,
        SignInReason.BLOCKED_BY_POLICY,
        SignInReason.ACCOUNT_BLOCKED,
        SignInReason.WRONG_ACCOUNT_KIND,
        SignInReason.REGISTRATION_WRONG,
        SignInReason.MICROSOFT_BUSY,
        SignInReason.SCOPES_MISSING,
        SignInReason.SCOPES_TOO_WIDE,
        SignInReason.OTHER_ACCOUNT,
        SignInReason.CONNECTED_ELSEWHERE,
        SignInReason.TOO_MANY_MAILBOXES,
    }
)


class SignInRefused(ServiceError):
    """A sign-in step was refused; `reason` says which, the detail is the reason's fixed sentence."""

    code: ClassVar[str] = "sign_in_refused"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 400
    title: ClassVar[str] = "Sign-in refused"

    def __init__(self, reason: SignInReason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason: Final = reason
