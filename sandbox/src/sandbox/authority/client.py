"""The one client application that the authority knows, and how it proves itself at the token endpoint.

Refuses by default: a client with a certificate must sign an assertion, one with a secret must bring it, and a public
one must bring neither.
"""

import dataclasses
import secrets
from collections.abc import Mapping
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sandbox.settings import InvalidSettings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523
ASSERTION_ALGORITHM = "PS256"  # what MSAL signs with when it is given no SHA-1 thumbprint


@dataclasses.dataclass(frozen=True, slots=True)
class Client:
    """The application. `secret` and `key` (of its certificate) are None for a public client; at most one is given."""

    id: str
    secret: str | None
    key: RSAPublicKey | None

    def refusal(self, fields: Mapping[str, str], token_endpoint: str) -> str | None:
        """Why these form fields don't prove the client, or None if they do."""
        if fields.get("client_id") != self.id:
            return "AADSTS700016: The application is not registered here; check client_id."
        if self.key is not None:
            return self._assertion_refusal(self.key, fields, token_endpoint)
        if self.secret is not None:
            return _secret_refusal(self.secret, fields.get("client_secret"))
        if {"client_secret", "client_assertion"} & set(fields):
            return "AADSTS700025: Client is public so neither client_assertion nor client_secret should be presented."
        return None

    def _assertion_refusal(self, key: RSAPublicKey, fields: Mapping[str, str], token_endpoint: str) -> str | None:
        if fields.get("client_assertion_type") != ASSERTION_TYPE:
            return "AADSTS7000218: The request must contain client_assertion."
        try:
            jwt.decode(
                fields.get("client_assertion", ""),
                key,
                [ASSERTION_ALGORITHM],
                audience=token_endpoint,
                issuer=self.id,
                subject=self.id,
                options={"require": ["exp", "aud", "iss", "sub", "jti"]},
            )
        except jwt.InvalidTokenError:
            return "AADSTS700027: The client assertion is not valid."
        return None


def _secret_refusal(wanted: str, given: str | None) -> str | None:
    if given is None or not secrets.compare_digest(given.encode(), wanted.encode()):
        return "AADSTS7000215: Invalid client secret provided."
    return None


def read_secret(path: Path | None) -> str | None:
    """The secret in a file, or None."""
    return None if path is None else path.read_text(encoding="utf-8").strip()


def read_key(path: Path | None) -> RSAPublicKey | None:
    """The public key of the certificate in a PEM file, or None; InvalidSettings if it isn't RSA, as Entra demands."""
    if path is None:
        return None
    try:
        key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    except ValueError:
        raise InvalidSettings("'client_certificate' is no certificate in PEM") from None
    if not isinstance(key, RSAPublicKey):
        raise InvalidSettings("'client_certificate' must hold an RSA key, as Entra's must")
    return key
