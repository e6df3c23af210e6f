"""What an access token opens."""

import time
from collections.abc import Callable

import pytest

from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]
Start = Callable[..., RunningSandbox]
MOVE_BODY = '{"destinationId": "archive"}'
BODY_FIELDS = (b'"body"', b'"bodyPreview"', b'"uniqueBody"')


def call(sandbox: RunningSandbox, token: str, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    status, _, raw = sandbox.http(method, f"/v1.0{path}", headers, body)
    return status, raw


def test_read_basic_reads_without_bodies_and_moves_nothing(sandbox: RunningSandbox, deliver: Deliver) -> None:
    """Microsoft's promise for Mail.ReadBasic: no body, preview, or attachment, and no write."""
    (one,) = deliver()
    token = sandbox.access_token("Mail.ReadBasic")
    status, raw = call(sandbox, token, "GET", f"/me/messages/{one}")
    assert status == 200
    assert not any(field in raw for field in BODY_FIELDS)
    assert not any(field in call(sandbox, token, "GET", f"/me/messages/{one}?$select=body")[1] for field in BODY_FIELDS)
    assert call(sandbox, token, "GET", f"/me/messages/{one}?$expand=attachments")[0] == 403
    named = "singleValueExtendedProperties($filter=id%20eq%20'String%200x1000')"
    for path in (f"/me/messages/{one}", "/me/mailFolders/inbox/messages", "/me/mailFolders/inbox/messages/delta"):
        assert call(sandbox, token, "GET", f"{path}?$expand={named}")[0] == 403
    assert call(sandbox, token, "POST", f"/me/messages/{one}/move", MOVE_BODY)[0] == 403
    assert call(sandbox, token, "POST", "/me/mailFolders", '{"displayName": "No"}')[0] == 403


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("Mail.ReadWrite", "/me"),
        ("User.Read", "/me/mailboxSettings"),
        ("User.Read", "/me/mailFolders"),
        ("MailboxSettings.Read", "/me/mailFolders/inbox/messages"),
        ("User.Read", "/me/mailFolders/inbox/messages/delta"),
    ],
)
def test_a_route_needs_its_own_scope(sandbox: RunningSandbox, scope: str, path: str) -> None:
    """Another scope is 403."""
    assert call(sandbox, sandbox.access_token(scope), "GET", path)[0] == 403


def test_a_missing_or_foreign_token_is_401(sandbox: RunningSandbox, start_sandbox: Start) -> None:
    """No token, nonsense, the ID token, another sandbox's token: 401 with WWW-Authenticate."""
    other = start_sandbox()
    tokens = ["", "nonsense", sandbox.sign_in("User.Read")["id_token"], other.access_token("User.Read")]
    for token in tokens:
        status, headers, _ = sandbox.http("GET", "/v1.0/me", {"Authorization": f"Bearer {token}"} if token else {})
        assert status == 401
        assert headers["www-authenticate"].startswith("Bearer ")


def test_a_token_expires(start_sandbox: Start) -> None:
    """Accepted at first, refused once its seconds are over."""
    running = start_sandbox(access_token_seconds=1)
    token = running.access_token("User.Read")
    deadline = time.monotonic() + 5
    while call(running, token, "GET", "/me")[0] == 200:
        assert time.monotonic() < deadline
    assert b"the token is expired" in call(running, token, "GET", "/me")[1]
