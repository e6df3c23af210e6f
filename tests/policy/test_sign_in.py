"""Signing in, as the browser of a person meets it: what is asked of Microsoft, and that an answer is good once."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cli.sign_in import walk

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mBJ2Kz0xF_gWPr8MZ-1LxPmXqUUWc0"  # not the one of this challenge
ASKED = {"openid", "profile", "offline_access", "Mail.ReadWrite", "MailboxSettings.Read", "User.Read"}


def started(client: httpx.Client) -> str:
    answer = client.post("/api/v1/session/sign-in", json={"challenge": CHALLENGE})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_microsoft_is_asked_with_pkce_and_for_the_named_permissions_alone(installation: Any, calling_from: Any) -> None:
    """S256, a code, state and nonce; and no two sign-ins share any of the three."""
    with calling_from(installation.house, "127.0.0.81") as client:
        first, second = asked(started(client)), asked(started(client))
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert {scope.rpartition("/")[2] for scope in first["scope"].split()} == ASKED
    for name in ("code_challenge", "state", "nonce"):
        assert len(first[name]) >= 22  # 128 random bits in base64url
        assert first[name] != second[name]
    assert CHALLENGE not in first.values()  # the tab's is ours to check; Microsoft checks another


@pytest.mark.parametrize("verifier", [VERIFIER, "a" * 43])
def test_a_code_is_worth_nothing_in_another_tab(installation: Any, calling_from: Any, verifier: str) -> None:
    """Who saw the code go by, and has not the verifier that the sign-in began with, gets no token."""
    with calling_from(installation.house, "127.0.0.82") as client:
        code = walk(client, started(client), installation.house.house.url)
        answer = client.post("/api/v1/session/exchange", json={"code": code, "verifier": verifier})
    assert (answer.status_code >= 400, "access_token" in answer.text) == (True, False)
