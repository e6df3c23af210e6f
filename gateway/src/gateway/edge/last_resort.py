"""What is answered when a layer itself fails: a problem with our headers, never the server's own 500.

Guarantees: called by the connection's cycle, outermost of everything, so that even such a fault leaves in the one form
that errors have here, and leaves no text of an exception in a log.
"""

from typing import Final

import msgspec
from starlette.types import Scope, Send

from chassis.errors import Internal, problem
from chassis.logs import get
from gateway.edge.answer import answer
from gateway.edge.headers import secured
from gateway.edge.problems import CONTENT_TYPE

_BODY: Final = msgspec.json.encode(problem(Internal(), ""))
_FIXED: Final = (
    (b"content-type", CONTENT_TYPE),
    (b"content-length", str(len(_BODY)).encode()),
    (b"connection", b"close"),
)


def note(error: BaseException) -> None:
    """A line in the log: which kind, and where."""
    get(__name__).error("request.unanswered", error_type=type(error), at=error.__traceback__)


async def unanswered(scope: Scope, send: Send) -> None:
    """Say that it is our fault."""
    await answer(scope, send, Internal.http_status, secured(_FIXED, api=True), _BODY)
