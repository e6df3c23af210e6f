"""The certificate by which this installation proves itself to Microsoft, made here: the key never leaves the machine.

RSA, because Entra takes nothing else for it; the public half is what is uploaded to the application's registration.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chassis import whole_file

KEY_BITS: Final = 3072  # as strong as 128 bits, NIST SP 800-57; Entra takes 2048 to 4096
LIFE: Final = timedelta(days=365)
BACKDATE: Final = timedelta(minutes=5)  # for a clock that is behind Microsoft's


def make(certificate: Path, key: Path, name: str, *, now: datetime | None = None) -> x509.Certificate:
    """A new pair in PEM: the key first and for the owner alone, so that no certificate is there without its key."""
    made = rsa.generate_private_key(65537, KEY_BITS)
    signed = _signed(made, name, now or datetime.now(UTC))
    whole_file.write(key, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    whole_file.write(certificate, signed.public_bytes(Encoding.PEM), mode=0o644)
    return signed


def _signed(key: rsa.RSAPrivateKey, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    built = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    return built.not_valid_before(now - BACKDATE).not_valid_after(now + LIFE).sign(key, SHA256())
