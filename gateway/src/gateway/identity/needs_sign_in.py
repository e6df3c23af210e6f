"""The one thing about a mailbox's tokens that only its owner can mend."""

from typing import ClassVar

import grpc

from chassis.errors import ServiceError


class NeedsSignIn(ServiceError):
    """Microsoft no longer accepts what we hold: consent revoked, password changed, policy tightened."""

    code: ClassVar[str] = "needs_sign_in"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.FAILED_PRECONDITION
    http_status: ClassVar[int] = 409
    title: ClassVar[str] = "Sign in with Microsoft again"
    sentence: ClassVar[str] = "Microsoft no longer gives access to this mailbox. Sign in again to renew it."
