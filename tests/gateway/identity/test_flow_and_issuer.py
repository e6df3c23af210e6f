"""The seal of a flow, the callback's issuer, and what a Microsoft configuration may be."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.settings import SecretFile
from gateway.identity.authority import Metadata
from gateway.identity.flow import Flow, FlowSealed, Wanted, new_secret, seal, unseal
from gateway.identity.issuer import check_after_verifying, check_before_redeeming
from gateway.identity.microsoft import MicrosoftSettings
from gateway.identity.refusal import SENTENCES, SignInReason, SignInRefused
from gateway.store.codes import Access

FLOW = Flow(
    "state",
    "nonce",
    "verifier",
    "https://localhost/cb",
    "https://login/auth",
    ("a", "b"),
    "c" * 43,
    Wanted(Access.FULL),
)
TEMPLATE = "https://login.example/{tenantid}/v2.0"


def test_a_flow_opens_for_its_browser_and_state_only() -> None:
    """Another secret, another state or another byte opens nothing; nothing shows from outside."""
    secret = new_secret()
    sealed = seal(FLOW, secret)
    assert unseal(sealed, secret, "state") == FLOW
    assert b"verifier" not in sealed
    flipped = bytearray(sealed)
    flipped[-1] ^= 1
    for wrong in ((sealed, new_secret(), "state"), (sealed, secret, "other"), (bytes(flipped), secret, "state")):
        with pytest.raises(FlowSealed):
            unseal(*wrong)
    with pytest.raises(FlowSealed):
        unseal(b"", secret, "state")


@pytest.mark.parametrize(
    ("announced", "issuer", "good"),
    [
        (True, "https://login.example/t1/v2.0", True),
        (True, None, False),
        (False, None, True),
        (False, "https://evil.example/t1/v2.0", False),
        (True, "https://login.example/t1/v2.0/", False),
        (True, "https://login.example/a/b/v2.0", False),
        (True, "https://login.example//v2.0", False),
        (True, "https://loginXexample/t1/v2.0", False),
        (True, "https://login.example/t1/v2.0\n", False),
    ],
)
def test_the_callbacks_issuer_fits_the_template(announced: bool, issuer: str | None, good: bool) -> None:  # noqa: FBT001  # a table
    """Required where announced, compared where present."""
    metadata = Metadata(TEMPLATE, "https://login.example/keys", announced)
    params = {} if issuer is None else {"iss": issuer}
    if good:
        check_before_redeeming(params, metadata)
        return
    with pytest.raises(SignInRefused) as refused:
        check_before_redeeming(params, metadata)
    assert refused.value.reason is SignInReason.ISSUER_MISMATCH


def test_the_callbacks_tenant_is_the_tokens() -> None:
    """Multi-tenant: an answer of tenant 1 with a token of tenant 2 is a mix-up."""
    metadata = Metadata(TEMPLATE, "https://login.example/keys", authorization_response_iss_parameter_supported=True)
    params = {"iss": "https://login.example/t1/v2.0"}
    check_after_verifying(params, metadata, "t1")
    with pytest.raises(SignInRefused):
        check_after_verifying(params, metadata, "t2")


def test_each_reason_has_its_sentence() -> None:
    """A closed list: what is refused can be said."""
    assert set(SENTENCES) == set(SignInReason)


@pytest.mark.parametrize(
    "changed",
    [
        {"authority": "http://login.example/tenant"},
        {"authority": "https://login.example"},
        {"authority": "https://login.example/"},
        {"certificate_file": Path("c.pem")},
        {"private_key_file": SecretFile(Path("k.pem"))},
        {
            "certificate_file": Path("c.pem"),
            "private_key_file": SecretFile(Path("k.pem")),
            "client_secret_file": SecretFile(Path("s")),
        },
        {"scopes": ["Mail.Send"]},
        {"client_secret": "in-the-clear"},
    ],
)
def test_a_dubious_microsoft_configuration_is_refused(changed: dict[str, Any]) -> None:
    """Plain http, no tenant, half a certificate, two credentials, scopes of one's own, a secret in the open."""
    with pytest.raises(ValidationError):
        MicrosoftSettings(**{"client_id": "c", "authority": "https://login.example/tenant", **changed})


def test_settings_show_no_secret(tmp_path: Path) -> None:
    """Nor where it lies."""
    secret = tmp_path / "the-secret"
    secret.write_text("canary")
    shown = repr(MicrosoftSettings(client_id="c", authority="https://a/t", client_secret_file=SecretFile(secret)))
    assert "canary" not in shown
    assert "the-secret" not in shown
