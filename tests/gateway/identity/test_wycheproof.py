"""Access tokens against Wycheproof's 401 signatures, many of which some library once took for good."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.errors import Unauthenticated
from gateway.identity.jwt import REFUSED, AccessTokens, TokenKeys

VECTORS = Path(__file__).parents[2] / "corpus" / "wycheproof" / "json_web_signature_test.json"
GROUPS: list[dict[str, Any]] = json.loads(VECTORS.read_text())["testGroups"]
REFUSALS = (KeyError, ValueError, jwt.PyJWTError)


def text(test: dict[str, Any]) -> str:
    """The signature as somebody would send it; some are in JSON."""
    return test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])


def public_key(group: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(urlsafe_b64decode(group["public"][name] + "==")) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def believing(key: ec.EllipticCurvePublicKey, header: str) -> TokenKeys:
    """Keys that take this very header for the key's: so that the signature alone decides."""
    keys = TokenKeys(ec.generate_private_key(ec.SECP256R1()))
    keys._by_header = {header: key}
    return keys


ES256 = [group for group in GROUPS if group.get("public", {}).get("alg") == "ES256"]
ES256_TESTS = [(group, test) for group in ES256 for test in group["tests"]]
ALL_TESTS = [test for group in GROUPS for test in group["tests"]]


def test_they_are_all_here() -> None:
    """401 vectors, 39 of them ES256, two of these valid."""
    assert len(ALL_TESTS) == 401
    assert len(ES256_TESTS) == 39
    assert [test["result"] for _, test in ES256_TESTS].count("valid") == 2


@pytest.mark.parametrize(("group", "test"), ES256_TESTS, ids=lambda one: str(one.get("tcId", one.get("comment"))))
def test_es256_is_taken_when_it_is_valid_and_only_then(group: dict[str, Any], test: dict[str, Any]) -> None:
    """With every header believed: the valid ones verify, and no invalid one does."""
    token = text(test)
    keys = believing(public_key(group), token.partition(".")[0])
    if test["result"] == "valid":
        assert keys.signed_payload(token)
        return
    with pytest.raises(REFUSALS):
        keys.signed_payload(token)


def test_no_other_algorithm_is_taken_even_under_a_header_that_is_believed() -> None:
    """HS256, RS, PS, ES512: valid or not, they verify with no key of ours.

    But for two, which are good ES256 signatures of a key whose JWK forbids to sign: we read no JWK.
    """
    key = public_key(ES256[0])
    others = [test for group in GROUPS if group not in ES256 for test in group["tests"]]
    taken = [test["comment"] for test in others if verifies(key, text(test))]
    assert (len(others), sorted(taken)) == (362, ["rejectWrongKeyOps", "rejectWrongUse"])


def verifies(key: ec.EllipticCurvePublicKey, token: str) -> bool:
    try:
        believing(key, token.partition(".")[0]).signed_payload(token)
    except REFUSALS:
        return False
    return True


def test_none_of_them_is_an_access_token_and_all_are_refused_alike() -> None:
    """The door as it is: every one of the 401 is the same refusal, to enter and to refresh."""
    keys = TokenKeys(ec.generate_private_key(ec.SECP256R1()), [public_key(group) for group in ES256])
    tokens = AccessTokens(keys, issuer="https://mail.example", audience="https://mail.example")
    for test in ALL_TESTS:
        for door in (tokens.verify, tokens.prove):
            with pytest.raises(Unauthenticated) as refusal:
                door(text(test), 0)
            assert refusal.value.detail == REFUSED
