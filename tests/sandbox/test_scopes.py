"""What an access token opens."""

from collections.abc import Callable

import pytest

from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]
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


def test_a_missing_or_foreign_token_is_401(
    sandbox: RunningSandbox, start_sandbox: Callable[..., RunningSandbox]
) -> None:
    """No token, nonsense, the ID token, another sandbox's token and an expired one: 401 with WWW-Authenticate."""
    other = start_sandbox(access_token_seconds=1)
    tokens = ["", "nonsense", sandbox.sign_in("User.Read")["id_token"], other.access_token("User.Read")]
    for token in tokens:
        status, headers, _ = sandbox.http("GET", "/v1.0/me", {"Authorization": f"Bearer {token}"} if token else {})
        assert status == 401
        assert headers["www-authenticate"].startswith("Bearer ")
