"""What can go wrong between us and Graph: a small closed family.

Guarantees: the words are fixed sentences and the codes come from closed sets, so an error can be logged, stored and
shown. Must never: carry text of an answer, an address, a token or a cause that could.
"""

from typing import ClassVar, Final, TypeVar

T = TypeVar("T")

UNKNOWN_CODE: Final = "unknown"
KNOWN_CODES: Final = frozenset(
    {
        "ApplicationThrottled",
        "BadRequest",
        "ErrorAccessDenied",
        "ErrorCannotMoveOrCopyItem",
        "ErrorFolderExists",
        "ErrorFolderNotFound",
        "ErrorInvalidIdMalformed",
        "ErrorInvalidRequest",
        "ErrorIrresolvableConflict",
        "ErrorItemNotFound",
        "ErrorMailboxMoveInProgress",
        "ErrorMoveCopyFailed",
        "ErrorQuotaExceeded",
        "ErrorSendAsDenied",
        "ErrorToFolderNotFound",
        "ErrorTooManyObjectsOpened",
        "Forbidden",
        "InefficientFilter",
        "InvalidAuthenticationToken",
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "Request_ResourceNotFound",
        "ResourceNotFound",
        "ServerBusy",
        "ServiceNotAvailable",
        "SyncStateInvalid",
        "SyncStateNotFound",
        "TooManyRequests",
        "UnknownError",
        "resyncRequired",
    },
)  # error.code values of learn.microsoft.com/graph/errors that mail calls have been seen to answer

NO_MAILBOX_CODES: Final = frozenset(
    {"MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "Request_ResourceNotFound", "ResourceNotFound"},
)  # these come with 404 as well, and say nothing about a message or a folder
NO_FOLDER_CODES: Final = frozenset({"ErrorFolderNotFound", "ErrorToFolderNotFound"})  # 404 about a move's destination


class GraphError(Exception):
    """Base of the family. code is snake_case and stable; str() is one fixed sentence."""

    code: ClassVar[str] = "graph_error"
    sentence: ClassVar[str] = "Microsoft Graph could not be used."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class GraphUnavailable(GraphError):
    """No usable answer in the attempts and the time allowed. retry_after: seconds, if Graph said so."""

    code = "graph_unavailable"
    sentence = "Microsoft Graph did not answer; nothing was changed. Try again later."

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


class AnswerGarbled(GraphUnavailable):
    """The answer is not what the contract says: not JSON, items missing, repeated or foreign."""

    code = "answer_garbled"
    sentence = "Microsoft Graph's answer could not be read; it was thrown away. Try again later."


class Throttled(GraphError):
    """Graph asks us to slow down for longer than one call may wait. retry_after: seconds, None if it did not say."""

    code = "graph_throttled"
    sentence = "Microsoft Graph asked for a pause. Continue after it."

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


class NeedsSignIn(GraphError):
    """Microsoft no longer accepts what we hold, or wants the person to prove more."""

    code = "needs_sign_in"
    sentence = "Microsoft wants the owner of this mailbox to sign in again."


class Refused(GraphError):
    """Graph understood and said no. reason: one of KNOWN_CODES, "redirect" or "unknown"."""

    code = "graph_refused"
    sentence = "Microsoft Graph refused this call. Check the permissions that the owner granted."

    def __init__(self, reason: str = UNKNOWN_CODE) -> None:
        super().__init__()
        self.reason = reason


class FolderGone(GraphError):
    """The folder that was read is not in the mailbox any more."""

    code = "folder_gone"
    sentence = "This folder is no longer in the mailbox. Read the folders again."


class SyncStateLost(GraphError):
    """Graph forgot where we were in the folder (410): start with a first page."""

    code = "sync_state_lost"
    sentence = "Microsoft Graph forgot how far this folder was read. Read it from its first page."


class LinkRefused(GraphError):
    """A link that is not of our host and folder, runs in a circle, or goes on for too long. It was not followed."""

    code = "link_refused"
    sentence = "The answer named a next page that may not be followed. Nothing was sent there."


class BodyOffered(GraphError):
    """A read was answered with a body, a preview or attachments, which we never ask for. It was thrown away."""

    code = "body_offered"
    sentence = "The answer carried parts of a message that are never read; it was thrown away."


class AnswerTooLarge(GraphError):
    """More bytes than one answer may have. Ask for a smaller page."""

    code = "answer_too_large"
    sentence = "The answer is larger than one answer may be; it was thrown away. Ask for smaller pages."


class OutcomeUnknown(GraphError):
    """Moves were sent and no answer says whether they ran. Locate the messages before anything else."""

    code = "outcome_unknown"
    sentence = "The connection broke after moves were sent. Look where the messages are before anything else."


class FolderRefused(GraphError):
    """A folder that nothing may be moved to, or a mailbox whose special folders are not all known."""

    code = "folder_refused"
    sentence = "Nothing may be moved to this folder. Choose another one."


def or_raise(outcome: T | GraphError) -> T:
    """Raises an error that decoding found, here, in a frame that holds nothing of the answer."""
    if isinstance(outcome, GraphError):
        raise outcome
    return outcome
