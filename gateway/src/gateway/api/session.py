"""/api/v1/session: signing in, exchanging the one-time code, refreshing, signing out.

The walk, for a page and for any HTTP client alike - there is no shorter one:

    POST   /api/v1/session/sign-in   {challenge}       -> {url} and a cookie; the browser goes to url
    POST   /api/v1/session/callback  form from Microsoft -> 303 to /#code=... (or /#refused=reason)
    POST   /api/v1/session/exchange  {code, verifier}  -> {access_token, token_type, expires_in, mailboxes} and a cookie
    POST   /api/v1/session/refresh   {access_token}    -> the same, the former two are worth nothing any more
           these two with a DPoP header: a proof of the session's key (gateway.identity.dpop)
    GET    /api/v1/session                             -> {person_id, session_id}
    DELETE /api/v1/session                             -> 204

challenge is base64url(SHA-256(verifier)); the verifier never leaves the tab until the exchange. The refresh token is in
the cookie alone, which no script reads, no other host can set and no other route is shown; the access token is in
bodies alone.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chassis.logs import get
from gateway.api.fast import FastRoute
from gateway.edge.problems import UnsupportedMediaType
from gateway.edge.tokens import principal
from gateway.identity.dpop import MAX_CHARACTERS as MAX_PROOF_CHARACTERS
from gateway.identity.jwt import MAX_CHARACTERS, Principal
from gateway.identity.redemption import VERIFIER
from gateway.identity.refusal import TOLD_BY_MICROSOFT, SignInReason, SignInRefused
from gateway.identity.sessions import Granted, Sessions
from gateway.identity.sign_in import CHALLENGE, FLOW_LIFETIME_MS, SignIns, Started
from gateway.store import clock

PATH: Final = "/api/v1/session"
COOKIE: Final = "__Host-mail-organiser-sign-in"
REFRESH_COOKIE: Final = "__Host-mail-organiser-refresh"
FORM: Final = "application/x-www-form-urlencoded"
MICROSOFTS_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("code", "state", "iss", "error")},
}
PROVED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "DPoP",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "maxLength": MAX_PROOF_CHARACTERS},
            "description": "a fresh proof of the session's key for this request (RFC 9449, ES256)",
        }
    ]
}
MAX_FORM_FIELDS: Final = 10  # Microsoft sends code, state, session_state, iss, client_info or error and its texts


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignInRequest(_Closed):
    """What starts a sign-in."""

    challenge: str = Field(pattern=f"^{CHALLENGE.pattern}$", description="base64url SHA-256 of the tab's verifier")


class SignInStarted(_Closed):
    """Where the browser is to go."""

    url: str = Field(description="Microsoft's sign-in page for this flow")
    expires_in: int = Field(description="seconds until this sign-in must be finished")


class ExchangeRequest(_Closed):
    """The one-time code, and the proof that this tab asked for it."""

    code: str = Field(min_length=1, max_length=128)
    verifier: str = Field(pattern=f"^{VERIFIER.pattern}$")


class RefreshRequest(_Closed):
    """The proof that the tab is still there."""

    access_token: str = Field(max_length=MAX_CHARACTERS, description="the tab's last one, over or not")


class Token(_Closed):
    """The access token. Keep it in sessionStorage; never in a URL."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # RFC 6750's name of the scheme
    expires_in: int = Field(description="seconds")
    mailboxes: list[str] = Field(description="ids of the mailboxes that it may be used for")


class Caller(msgspec.Struct, frozen=True):
    """Whom the access token speaks for. Ids only."""

    person_id: str
    session_id: str


def who() -> FastRoute:
    """GET /api/v1/session: the cheapest way to learn whether a token is still good."""

    async def answer(caller: Principal, _: None) -> Caller:
        return Caller(caller.person_id, caller.session_id)

    return FastRoute(
        method="GET",
        path="/api/v1/session",
        operation_id="get_session",
        tag="session",
        summary="Get Session",
        description="Whom the access token speaks for; the cheapest way to learn whether it is still good.",
        body=None,
        answer=Caller,
        handler=answer,
    )


def router(sign_ins: SignIns, sessions: Sessions) -> APIRouter:
    """The routes, over these two."""
    routes = APIRouter(prefix=PATH, tags=["session"])

    @routes.post("/sign-in", operation_id="start_sign_in")
    async def start(body: SignInRequest, response: Response) -> SignInStarted:
        """Begins a sign-in: where the browser is to go, and a cookie that binds it to this browser."""
        return started(response, await sign_ins.start(body.challenge))

    @routes.post(
        "/callback",
        operation_id="finish_sign_in",
        status_code=303,
        response_class=Response,
        openapi_extra={"requestBody": {"content": {FORM: {"schema": MICROSOFTS_FORM}}, "required": True}},
    )
    async def callback(request: Request) -> Response:
        """Where Microsoft sends the browser back (form_post); it goes on to /#code=... or /#refused=..."""
        try:
            code = await sign_ins.callback(await _form(request), request.cookies.get(COOKIE))
        except SignInRefused as refused:
            sign_ins.refused(refused.reason)
            get(__name__).warning("sign_in.refused", reason=refused.reason.value)
            if refused.reason not in TOLD_BY_MICROSOFT:
                raise
            return _back_to_page(f"refused={refused.reason.value}")
        return _back_to_page(f"code={code}")

    @routes.post("/exchange", operation_id="exchange_code", openapi_extra=PROVED)
    async def exchange(body: ExchangeRequest, request: Request, response: Response) -> Token:
        """The one-time code becomes an access token for the tab that holds the verifier, and a cookie to refresh it.

        The key of the proof is the session's from now on.
        """
        return _granted(await sessions.exchange(body.code, body.verifier, _proofs(request)), response)

    @routes.post("/refresh", operation_id="refresh_session", openapi_extra=PROVED)
    async def refresh(body: RefreshRequest, request: Request, response: Response) -> Token:
        """Both tokens become new ones, once, from our own page, with a proof of the session's key.

        409 when that was done a moment ago.
        """
        origin, cookie = request.headers.get("origin"), request.cookies.get(REFRESH_COOKIE)
        return _granted(await sessions.refresh(origin, body.access_token, cookie, _proofs(request)), response)

    @routes.delete("", operation_id="sign_out", status_code=204)
    async def sign_out(caller: Annotated[Principal, Depends(principal)]) -> Response:
        """Ends the session; its tokens are refused from now on."""
        await sessions.sign_out(caller)
        response = Response(status_code=204, headers={"clear-site-data": '"cache", "storage"'})
        response.delete_cookie(REFRESH_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    return routes


def started(response: Response, begun: Started) -> SignInStarted:
    """Where the browser goes; its secret for this flow goes into the cookie of `response`."""
    _set_cookie(response, begun.browser_secret)
    return SignInStarted(url=begun.url, expires_in=FLOW_LIFETIME_MS // clock.SECOND)


def _granted(granted: Granted, response: Response) -> Token:
    lasting, token = granted.refresh_for, granted.refresh_token
    response.set_cookie(REFRESH_COOKIE, token, max_age=lasting, path="/", secure=True, httponly=True, samesite="strict")
    return Token(access_token=granted.access_token, expires_in=granted.expires_in, mailboxes=granted.mailboxes)


def _proofs(request: Request) -> list[str]:
    return request.headers.getlist("dpop")


async def _form(request: Request) -> Mapping[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType
    async with request.form(max_files=0, max_fields=MAX_FORM_FIELDS) as form:
        fields = form.multi_items()
    if len({name for name, _ in fields}) != len(fields):  # two states, two codes: which one was checked?
        raise SignInRefused(SignInReason.STATE_UNKNOWN)
    return {name: value for name, value in fields if isinstance(value, str)}


def _set_cookie(response: Response, secret: str) -> None:
    # SameSite=None: Microsoft's form_post is a cross-site POST, with Lax the browser would not send it along.
    response.set_cookie(
        COOKIE, secret, max_age=FLOW_LIFETIME_MS // clock.SECOND, path="/", secure=True, httponly=True, samesite="none"
    )


def _back_to_page(fragment: str) -> Response:
    # 303: the page is fetched with GET. A fragment reaches no server, no log and no Referer.
    response = Response(status_code=303, headers={"location": f"/#{fragment}"})
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="none")
    return response
