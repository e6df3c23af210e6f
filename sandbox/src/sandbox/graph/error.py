"""Graph's errors, in Graph's shape: {"error": {"code", "message", "innerError"}}."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sandbox.graph.exchange import Answer


class GraphError(Exception):
    """An error that a caller of Graph sees. `code` and `message` never hold what the caller sent."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def answer(self, request_id: str) -> Answer:
        """The error as an answer."""
        return Answer(self.status, {"error": self._body(request_id)}, self.headers)

    def _body(self, request_id: str) -> dict[str, Any]:
        date = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        inner = {"date": date, "request-id": request_id, "client-request-id": request_id}
        return {"code": self.code, "message": self.message, "innerError": inner}


def item_not_found() -> GraphError:
    """The message or folder isn't there (or not by this id any more)."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def folder_exists() -> GraphError:
    """A folder of this name is there."""
    return GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")


def bad_request(message: str) -> GraphError:
    """The question is malformed; `message` is a fixed sentence."""
    return GraphError(400, "BadRequest", message)


def access_denied() -> GraphError:
    """The token lacks the scope."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def unsupported_media_type() -> GraphError:
    """A body without Content-Type: application/json."""
    message = "Entity only allows writes with a JSON Content-Type header."
    return GraphError(415, "RequestBodyRead", message)


def throttled(limit: str, retry_after: str) -> GraphError:
    """Over a limit of the mailbox; `retry_after` is seconds as Graph writes them, "" for no header."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return GraphError(429, "ApplicationThrottled", f"Application is over its {limit} limit.", headers)


def unavailable(retry_after: str) -> GraphError:
    """Graph is briefly not there."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return GraphError(503, "ServiceNotAvailable", "The service is temporarily unavailable.", headers)


def gateway_timeout() -> GraphError:
    """Graph's front end gave up waiting; what it waited for may have happened."""
    return GraphError(504, "UnknownError", "The operation timed out before it completed.")


def sync_state_not_found(location: str) -> GraphError:
    """A delta token that Graph has forgotten; `location` starts over."""
    message = "The sync state generation is not found; start a new synchronisation."
    return GraphError(410, "SyncStateNotFound", message, {"Location": location})


def move_copy_failed() -> GraphError:
    """Too many moves on one connection."""
    return GraphError(500, "ErrorMoveCopyFailed", "The move or copy operation failed.")


def too_many_objects_opened() -> GraphError:
    """What follows ErrorMoveCopyFailed on the same connection."""
    return GraphError(429, "ErrorTooManyObjectsOpened", "Too many concurrent connections opened.")


def irresolvable_conflict() -> GraphError:
    """Somebody else changed the item at the same time."""
    message = "The operation could not be performed because the change key passed in the request does not match."
    return GraphError(412, "ErrorIrresolvableConflict", message)
