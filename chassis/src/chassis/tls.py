"""Certificates as this project accepts them: ECDSA, complete pairs, in date; and the proof that TLS 1.2 is closed.

Guarantees: load() hands out nothing that a server or client of ours must not use. An RSA leaf would bring TLS 1.2 back
(see chassis), so it is refused by name. During a rotation, a pair that doesn't match yet is never taken up.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis import logs
from chassis.errors import StartRefused
from chassis.secret_file import SecretRefused, read_private

PROBE_SECONDS = 5.0  # for the handshake that must fail, on loopback
_log = logs.get("chassis.tls")


class TlsRefused(StartRefused):
    """Certificates that must not be used. Says which of the three files and what to do."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the leaf (and intermediates), its private key, and the authorities whose certificates are accepted."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """The bytes of TlsFiles, checked together. not_after: end of the leaf, UTC."""

    certificate: bytes
    key: bytes
    authority: bytes
    not_after: datetime

    def __repr__(self) -> str:
        """No key."""
        return f"TlsMaterial(not_after={self.not_after:%Y-%m-%d})"


def load(files: TlsFiles, now: datetime | None = None) -> TlsMaterial:
    """Reads the three files and checks what they hold; TlsRefused or SecretRefused otherwise."""
    certificate, authority = _read(files.certificate, "certificate"), _read(files.authority, "authority")
    key = read_private(files.key, "key")
    leaf = _leaf(certificate)
    _check_leaf(leaf, now or datetime.now(UTC))
    _check_pair(leaf, key)
    _certificates(authority, "authority")
    return TlsMaterial(certificate, key, authority, leaf.not_valid_after_utc)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise TlsRefused(f"TLS {what} file cannot be read. Create it, or correct the path.") from None


def _certificates(pem: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise TlsRefused(f"TLS {what} file holds no PEM certificate. Write one into it.") from None


def _leaf(pem: bytes) -> x509.Certificate:
    return _certificates(pem, "certificate")[0]


def _check_leaf(leaf: x509.Certificate, now: datetime) -> None:
    try:
        curve = isinstance(leaf.public_key(), EllipticCurvePublicKey)
    except (UnsupportedAlgorithm, ValueError):
        curve = False
    if not curve:
        raise TlsRefused(
            "TLS certificate is not ECDSA. With an RSA leaf this server would also speak TLS 1.2. "
            "Issue an ECDSA P-256 certificate.",
        )
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        raise TlsRefused("TLS certificate is expired or not valid yet. Renew it, and check the clock.")


def _check_pair(leaf: x509.Certificate, pem: bytes) -> None:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise TlsRefused("TLS key file holds no unencrypted PEM private key. Write one into it.") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != leaf.public_key():
        raise TlsRefused("TLS certificate and key are not a pair. Install both from the same issue.")


_Signature = tuple[tuple[int, int, int], ...]


class TlsWatch:
    """The files as they are now: changed() tells when a complete new set is there. Used from gRPC's own threads."""

    def __init__(self, files: TlsFiles) -> None:
        """Raises what load() raises: nothing starts with bad files."""
        self._files = files
        self._seen = self._signature()
        self.material = load(files)

    def changed(self) -> TlsMaterial | None:
        """New material, or None if the files are the same or not fit for use (yet); the old ones then stay in use."""
        try:
            seen = self._signature()
            if seen == self._seen:
                return None
            material = load(self._files)
        except (OSError, TlsRefused, SecretRefused) as error:
            _log.warning("tls.reload_refused", error_type=type(error))
            return None
        self._seen, self.material = seen, material
        _log.info("tls.reloaded", not_after=material.not_after)
        return material

    def _signature(self) -> _Signature:
        paths = (self._files.certificate, self._files.key, self._files.authority)
        try:
            stats = [path.stat() for path in paths]
        except OSError:
            raise TlsRefused("A TLS file is missing. Install certificate, key and authority.") from None
        return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in stats)


async def prove_tls13_only(host: str, port: int, files: TlsFiles) -> None:
    """Offers TLS 1.2 to our own listener, with a good certificate. TlsRefused unless it hangs up."""
    if await asyncio.to_thread(_speaks_tls12, host, port, files):
        raise TlsRefused(
            "This server would speak TLS 1.2. grpc was imported before chassis, or runs with another cipher list. "
            "Import chassis first.",
        )


def _speaks_tls12(host: str, port: int, files: TlsFiles) -> bool:
    plain = socket.create_connection((host, port), timeout=PROBE_SECONDS)
    try:
        with plain, _tls12(files).wrap_socket(plain) as wrapped:
            return wrapped.version() is not None
    except (ssl.SSLError, ConnectionError):
        return False


def _tls12(files: TlsFiles) -> ssl.SSLContext:
    """A client that checks nothing: it must not get far enough for that to matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context
