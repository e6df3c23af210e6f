"""The program: settings, TLS, restart, seeding."""

import dataclasses
import json
import socket
import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import settings
from sandbox.testing import NotStarted, RunningSandbox, start

Start = Callable[..., RunningSandbox]


def test_a_killed_sandbox_comes_back_the_same(start_sandbox: Start) -> None:
    """After SIGKILL the mailbox, keys, refresh tokens and delta links are what they were; the sample is seeded once."""
    first = start_sandbox(seed="sample")
    tokens = first.sign_in("Mail.ReadWrite")
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Content-Type": "application/json"}
    message = first.control("GET", "/state")["messages"][0]["immutable_id"]
    assert first.http("POST", f"/v1.0/me/messages/{message}/move", headers, '{"destinationId": "junkemail"}')[0] == 201
    link = json.loads(first.http("GET", "/v1.0/me/mailFolders/inbox/messages/delta?$top=1000", headers)[2])
    before = first.control("GET", "/state")
    first.kill()
    port = int(first.url.rpartition(":")[2])
    again = start_sandbox(seed="sample", port=port)
    assert again.control("GET", "/state") == before
    assert len(before["messages"]) > 100
    path = link["@odata.deltaLink"].removeprefix(again.url)
    assert again.http("GET", path, headers)[0] == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert again.token_answer(form)[0] == 200


def test_tls_1_2_is_refused(start_sandbox: Start) -> None:
    """TLS 1.3 or nothing."""
    running = start_sandbox()
    trust = ssl.create_default_context(cafile=str(running.authority))
    address = ("localhost", int(running.url.rpartition(":")[2]))
    with socket.create_connection(address) as plain, trust.wrap_socket(plain, server_hostname="localhost") as safe:
        assert safe.version() == "TLSv1.3"
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(address) as plain, pytest.raises(ssl.SSLError):
        trust.wrap_socket(plain, server_hostname="localhost")


def test_the_control_api_needs_its_token(start_sandbox: Start, tmp_path: Path) -> None:
    """Only who can read the token's file may steer, and only its owner can."""
    running = start_sandbox()
    assert stat.S_IMODE((tmp_path / "control-token").stat().st_mode) == 0o600
    assert len(running.token) >= 32
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}):
        for method, path in (("GET", "state"), ("POST", "faults"), ("GET", "canaries"), ("GET", "requests")):
            assert running.http(method, f"/control/{path}", header)[0] == 401


def test_a_confidential_client_brings_its_secret(start_sandbox: Start, tmp_path: Path) -> None:
    """With a client secret in the settings, a token needs it."""
    (tmp_path / "secret").write_text("not so secret\n")
    running = start_sandbox(client_secret="secret")  # a file name
    assert running.token_answer({"grant_type": "refresh_token"})[1]["error"] == "invalid_client"
    wrong = {"grant_type": "refresh_token", "client_secret": "wrong"}
    assert running.token_answer(wrong)[1]["error"] == "invalid_client"
    right = {"grant_type": "refresh_token", "client_secret": "not so secret"}
    assert running.token_answer(right)[1]["error"] == "invalid_grant"


def test_personal_accounts_have_no_mailbox_settings(start_sandbox: Start) -> None:
    """With personal = true, mailboxSettings is 403 in spite of the scope."""
    running = start_sandbox(personal=True)
    headers = {"Authorization": f"Bearer {running.access_token('MailboxSettings.Read')}"}
    assert running.http("GET", "/v1.0/me/mailboxSettings", headers)[0] == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "0.0.0.0"),  # noqa: S104  # what must be refused
        ("host", "192.0.2.1"),
        ("host", "sandbox.example"),
        ("tenant_id", "72f988bf-86f1-41af-91ab-2d7cd011db47"),
        ("tenant_id", "sandbox/x"),
        ("client_id", "11111111-1111-4111-8111-111111111111"),
        ("port", 70000),
        ("port", "443"),
        ("request_budget", 0),
        ("redirect_uris", "https://localhost"),
        ("surprise", 1),
    ],
)
def test_dangerous_settings_stop_the_start(tls: dict[str, Path], tmp_path: Path, name: str, value: Any) -> None:
    """Another address than loopback, a tenant that could be real, an unknown key or a wrong type: no start, and why."""
    with pytest.raises(NotStarted, match=name):
        start(tmp_path, **tls, **{name: value}).stop()  # stopped in case it did start
    assert not (tmp_path / "sandbox.db").exists()


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    """Each setting without a default has to be there."""
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(settings.InvalidSettings, match="missing"):
        settings.load(tmp_path / "empty.toml")
    with pytest.raises(settings.InvalidSettings, match="TOML"):
        settings.load(tmp_path / "absent.toml")


def test_settings_are_frozen(tls: dict[str, Path], tmp_path: Path) -> None:
    """What was read can't be changed; relative paths are taken from the file's folder."""
    running = start(tmp_path, **tls)
    running.stop()
    loaded = settings.load(running.settings_path)
    assert loaded.database == tmp_path / "sandbox.db"
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.host = "0.0.0.0"  # type: ignore[misc]  # noqa: S104  # what must fail
