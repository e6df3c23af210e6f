"""Reports of browsers, as they and as strangers send them."""

import json

import pytest

from gateway.edge.headers import CONTENT_SECURITY_POLICY
from gateway.web.violation import Directive, Unreadable, directives

OLD, NEW = "application/csp-report", "application/reports+json"
CANARY = "https://canary.example/?secret"


def old(**members: object) -> bytes:
    """As Firefox and Safari send it."""
    return json.dumps({"csp-report": {"document-uri": CANARY, "blocked-uri": CANARY, **members}}).encode()


def new(*directive: str, kind: str = "csp-violation") -> bytes:
    """As Chromium sends it, several at once."""
    common = {"age": 7, "url": CANARY, "user_agent": CANARY}
    return json.dumps(
        [{**common, "type": kind, "body": {"effectiveDirective": one, "sample": CANARY}} for one in directive]
    ).encode()


@pytest.mark.parametrize(
    ("media_type", "body", "found"),
    [
        (OLD, old(**{"effective-directive": "script-src-elem"}), ["script-src-elem"]),
        (OLD, old(**{"violated-directive": "img-src 'self' data:"}), ["img-src"]),
        (OLD, old(), ["other"]),
        (OLD, old(**{"effective-directive": CANARY}), ["other"]),
        (NEW, new("require-trusted-types-for", "connect-src"), ["require-trusted-types-for", "connect-src"]),
        (NEW, new("SCRIPT-SRC"), ["other"]),
        (NEW, new("script-src", kind="deprecation"), []),
        (NEW, b"[]", []),
        (NEW, b'[{"type": "csp-violation"}]', []),
    ],
)
def test_a_report_is_directives_of_a_closed_list(media_type: str, body: bytes, found: list[str]) -> None:
    """Both forms; what our policy doesn't have is `other`; other kinds of reports are none."""
    assert directives(media_type, body) == found


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"csp-report": 5}', b"\xff", b"[" * 10_000, b'{"x": ' * 2000],
    ids=lambda body: body[:9],
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    """Also what is deep enough to end a parser."""
    with pytest.raises(Unreadable):
        directives(OLD, body)


def test_every_directive_of_the_policy_is_told_apart() -> None:
    """Those that can be violated; report-to and report-uri can't."""
    named = {one.split()[0] for one in CONTENT_SECURITY_POLICY.split("; ")} - {"report-to", "report-uri"}
    assert named <= set(Directive)
