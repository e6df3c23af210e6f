"""A whole answer, in one message where the connection takes it so: a layer then looks at one, and not at two.

The message is ASGI's http.response.start with the body in it (ASGI allows extensions, which a server announces in the
scope); whoever announces it must end the answer with it. To any other server go the two messages of ASGI.
"""

from collections.abc import Iterable
from typing import Final

from starlette.types import Scope, Send

from gateway.edge.headers import Header

WHOLE: Final = "mail_organiser.whole"  # in the scope: our own connection serves it


async def answer(scope: Scope, send: Send, status: int, headers: Iterable[Header], body: bytes) -> None:
    """headers: with Content-Length. body: for HEAD it is left out."""
    said = b"" if scope["method"] == "HEAD" else body
    if WHOLE in scope:
        await send({"type": "http.response.start", "status": status, "headers": headers, "body": said})
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})
