"""Security headers, on every answer: pages, JSON, errors.

Guarantees: set here and nowhere else, so no route can forget or weaken one; `/api` is never cached; no Server header.
The policy needs no nonce and names no foreign origin: script that isn't a file of ours does not run, and nothing can
turn a string into script (Trusted Types), which is what an access token in sessionStorage depends on. What it kept from
happening, browsers report to us and to nobody else.
"""

from collections.abc import Awaitable, Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

CSP_REPORTS: Final = "/csp-reports"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; "
    f"report-to csp; report-uri {CSP_REPORTS}"
)
SECURITY_HEADERS: Final[tuple[Header, ...]] = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),  # two years: Mozilla "modern"
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
NO_STORE: Final[Header] = (b"cache-control", b"no-store")
ENDPOINTS: Final[Header] = (b"reporting-endpoints", f'csp="{CSP_REPORTS}"'.encode())  # what report-to names
_OURS: Final = frozenset(name for name, _ in (*SECURITY_HEADERS, ENDPOINTS)) | {b"server"}
_API: Final = (_OURS | {NO_STORE[0]}, (*SECURITY_HEADERS, NO_STORE))
_PAGE: Final = (_OURS, (*SECURITY_HEADERS, ENDPOINTS))


def is_api(path: str) -> bool:
    """Whether `path` lies under /api: never cached, and closed without a token."""
    return path == "/api" or path.startswith("/api/")


def secured(headers: Iterable[Header], *, api: bool) -> list[Header]:
    """`headers` with ours in place of any of the same name."""
    replaced, ours = _API if api else _PAGE
    return [*[header for header in headers if header[0].lower() not in replaced], *ours]


class SecurityHeaders:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        api = is_api(scope["path"])

        def send_secured(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = secured(message.get("headers", ()), api=api)
            return send(message)

        return self._app(scope, receive, send_secured)
