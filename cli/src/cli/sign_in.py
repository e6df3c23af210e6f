"""Signs in as a browser would: starts at the gateway, walks the authority's pages, comes back with a one-time code.

There is no other way in. Works where the authority's pages are plain forms that need no typing, as the sandbox's are.
"""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from cli.problem import problem
from cli.proof import SessionKey
from gateway.identity.refusal import SENTENCES, SignInReason

MAX_HOPS = 10  # pages and redirects from start to code; the sandbox takes four


class SignInFailed(Exception):
    """The walk did not come back with a code; says at which step and with which problem, never what was on a page."""


class Form(HTMLParser):
    """The first form of a page: where it goes and what it carries."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.method = "get"
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects the form's target and its named inputs and buttons."""
        named = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = named.get("action") or ""
            self.method = (named.get("method") or "get").lower()
        elif tag in {"input", "button"} and self.action is not None and named.get("name"):
            self.fields.setdefault(str(named["name"]), named.get("value") or "")


class SignedIn(NamedTuple):
    """An access token, which lasts ten minutes, and the id of the first mailbox that it is for."""

    token: str
    mailbox: str


def signed_in(client: httpx.Client, gateway: str) -> SignedIn:
    """Signs in. client must trust gateway and authority."""
    answer = sign_in(client, gateway)
    mailboxes = answer["mailboxes"]
    if not isinstance(mailboxes, list) or not mailboxes:
        raise SignInFailed("signed in, but no mailbox came with it")
    return SignedIn(str(answer["access_token"]), str(mailboxes[0]))


def sign_in(client: httpx.Client, gateway: str, key: SessionKey | None = None) -> dict[str, object]:
    """The exchange's answer: access_token, expires_in, mailboxes. client must trust gateway and authority.

    key: by which the session may be refreshed; absent: never.
    """
    verifier = secrets.token_urlsafe(32)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    start = client.post(f"{gateway}/api/v1/session/sign-in", json={"challenge": challenge})
    _expect(start, httpx.codes.OK, "start")
    code = walk(client, str(start.json()["url"]), gateway)
    url = f"{gateway}/api/v1/session/exchange"
    answer = client.post(url, json={"code": code, "verifier": verifier}, headers=(key or SessionKey()).headers(url))
    _expect(answer, httpx.codes.OK, "exchange")
    return dict(answer.json())


def walk(client: httpx.Client, url: str, gateway: str) -> str:
    """From the authorize URL to the gateway's page with the code in its fragment."""
    response = client.get(url, follow_redirects=False)
    for _ in range(MAX_HOPS):
        if response.is_redirect:
            url = urljoin(str(response.url), response.headers["location"])
            brought = parse_qs(urlsplit(url).fragment) if url.startswith(gateway) else {}
            if "code" in brought:
                return brought["code"][0]
            if "refused" in brought:
                raise SignInFailed(f"the sign-in was refused: {_reason(brought['refused'][0])}")
            response = client.get(url, follow_redirects=False)
        else:
            _expect(response, httpx.codes.OK, "authority")
            response = _submit(client, response)
    raise SignInFailed("signing in took more pages than expected; is the authority one that asks for typing?")


def _reason(word: str) -> str:
    """Our own sentence for it; a word that is new to this command as it is."""
    return SENTENCES[SignInReason(word)] if word in {*SignInReason} else word[:40]


def _submit(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    form = Form()
    form.feed(page.text)
    if form.action is None:
        raise SignInFailed("the authority showed a page without a form; sign in with a browser instead")
    target = urljoin(str(page.url), form.action)
    if form.method == "post":
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        return client.post(target, data=form.fields, headers={"Origin": origin}, follow_redirects=False)
    return client.get(target, params=form.fields, follow_redirects=False)


def _expect(response: httpx.Response, status: int, step: str) -> None:
    if response.status_code != status:
        raise SignInFailed(f"signing in failed at step '{step}': {problem(response)}")
