"""The sealed form's AES-256-GCM against Wycheproof's vectors: what is valid opens, nothing else does."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.vault import envelope
from gateway.vault.envelope import KEY_BYTES, NONCE_BYTES
from gateway.vault.errors import DecryptFailed

VECTORS = Path(__file__).parents[2] / "corpus" / "wycheproof" / "aes_gcm_test.json"
GROUPS: list[dict[str, Any]] = json.loads(VECTORS.read_text())["testGroups"]
OURS = [group for group in GROUPS if (group["keySize"], group["ivSize"]) == (KEY_BYTES * 8, NONCE_BYTES * 8)]
TESTS = [test for group in OURS for test in group["tests"]]


def raw(test: dict[str, Any], *names: str) -> bytes:
    return bytes.fromhex("".join(test[name] for name in names))


def test_they_are_all_here() -> None:
    """316 vectors, 66 of which have our size of key and nonce."""
    assert sum(len(group["tests"]) for group in GROUPS) == 316
    assert len(TESTS) == 66
    assert {test["result"] for test in TESTS} == {"valid", "invalid"}


@pytest.mark.parametrize("test", TESTS, ids=lambda test: str(test["tcId"]))
def test_a_sealed_value_opens_when_it_is_valid_and_only_then(test: dict[str, Any], monkeypatch: Any) -> None:
    """The vector's own authenticated data in the place of ours; each refusal is the one DecryptFailed."""
    monkeypatch.setattr(envelope, "_binding", lambda _header, _place: raw(test, "aad"))
    sealed = envelope._header(envelope.AES_256_GCM, "kek_vector") + raw(test, "iv", "ct", "tag")
    if test["result"] == "valid":
        assert envelope.open(raw(test, "key"), (), sealed) == raw(test, "msg")
        return
    with pytest.raises(DecryptFailed):
        envelope.open(raw(test, "key"), (), sealed)


@pytest.mark.parametrize("test", TESTS[::5], ids=lambda test: str(test["tcId"]))
def test_without_its_own_binding_no_valid_vector_opens(test: dict[str, Any]) -> None:
    """Where a value belongs is part of what is authenticated: a ciphertext from elsewhere opens nowhere."""
    sealed = envelope._header(envelope.AES_256_GCM, "kek_vector") + raw(test, "iv", "ct", "tag")
    with pytest.raises(DecryptFailed):
        envelope.open(raw(test, "key"), ("cell",), sealed)
