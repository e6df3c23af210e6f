"""What only a mailbox's owner can mend, at Microsoft: our access is gone, or does not go far enough yet."""

from typing import ClassVar, Final

import grpc

from chassis.errors import ServiceError
from gateway.store.codes import Need

NEEDS: Final = {
    Need.REVOKED: "Microsoft no longer accepts what we hold for this mailbox. Sign in again to renew it.",
    Need.CONSENT_REVOKED: "The permission for this mailbox was taken back at Microsoft. Sign in again to give it.",
    Need.PASSWORD_CHANGED: "The password was changed, or all sessions ended at Microsoft. Sign in again.",
    Need.EXPIRED: "This mailbox was not used for so long that Microsoft let the access expire. Sign in again.",
    Need.MORE_PROOF: "Microsoft wants another proof of you, such as your phone. Sign in again.",
    Need.BLOCKED_BY_POLICY: "A policy of your organisation blocks this access. Sign in again, or ask your IT.",
    Need.ACCOUNT_BLOCKED: "Microsoft says that this account is disabled, locked or gone. Ask your IT.",
    Need.CLAIMS_CHALLENGE: "Microsoft wants to see you again before this mailbox may be touched. Sign in again.",
    Need.SCOPES_MISSING: "A permission that is needed was taken away at Microsoft. Sign in again to give it.",
    Need.SCOPES_TOO_WIDE: "Microsoft granted more than we ask for, so it is not used. Ask your operator.",
    Need.DISCONNECTED: "There is no access to this mailbox here any more. Sign in again to connect it.",
}


class NeedsSignIn(ServiceError):
    """Microsoft no longer accepts what we hold; `need` says why as far as we know."""

    code: ClassVar[str] = "needs_sign_in"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.FAILED_PRECONDITION
    http_status: ClassVar[int] = 409
    title: ClassVar[str] = "Sign in with Microsoft again"
    sentence: ClassVar[str] = "Microsoft no longer gives access to this mailbox. Sign in again to renew it."

    @classmethod
    def because(cls, need: Need) -> "NeedsSignIn":
        """With the need's own sentence."""
        return cls(NEEDS[need])


class NeedsConsent(ServiceError):
    """The mailbox may only be looked at (`consent = "preview-first"`); before the first move its owner is asked."""

    code: ClassVar[str] = "needs_consent"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.FAILED_PRECONDITION
    http_status: ClassVar[int] = 409
    title: ClassVar[str] = "Agree at Microsoft first"
    sentence: ClassVar[str] = "So far we may only look at this mailbox. Agree at Microsoft that we may move mail in it."
