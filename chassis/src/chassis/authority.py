"""A certificate authority on one machine, for `make run` and for tests; cert-manager has this place in a cluster.

Guarantees: ECDSA P-256 throughout; leaves of 30 days for both ends of mTLS; key files 0600; files are replaced whole
(a reader sees the old or the new one); a new authority overlaps the old one, whose leaves stay accepted.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chassis import whole_file
from chassis.secret_file import SecretRefused, read_private
from chassis.tls import TlsFiles, TlsRefused

LEAF_LIFETIME = timedelta(days=30)
RENEW_BEFORE = timedelta(days=10)  # a third of a leaf's life, as ACME clients do
AUTHORITY_LIFETIME = timedelta(days=730)
AUTHORITY_OVERLAP = timedelta(
    days=60
)  # two lifetimes of a leaf: every leaf is issued anew before the old authority ends
BACKDATE = timedelta(minutes=5)  # for peers whose clock is behind
COMMON_NAME_LENGTH = 64  # X.520 upper bound
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


class LocalAuthority:
    """The authority in a folder: authority.pem (current first, then those still valid) and authority.key."""

    def __init__(self, folder: Path, certificate: x509.Certificate, key: EllipticCurvePrivateKey) -> None:
        """Use open()."""
        self._folder = folder
        self._certificate = certificate
        self._key = key

    @property
    def bundle(self) -> Path:
        """PEM file of the accepted authorities."""
        return self._folder / "authority.pem"

    @classmethod
    def open(cls, folder: Path, *, now: datetime | None = None) -> "LocalAuthority":
        """Loads the authority of this folder; makes one if there is none, or if it ends within AUTHORITY_OVERLAP."""
        now = now or datetime.now(UTC)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        bundle = _bundle(folder / "authority.pem")
        if not bundle or bundle[0].not_valid_after_utc - now < AUTHORITY_OVERLAP:
            return cls(folder, *_create(folder, [old for old in bundle if old.not_valid_after_utc > now], now))
        return cls(folder, bundle[0], _load_key(folder / "authority.key", bundle[0]))

    def issue(self, name: str, hosts: Sequence[str] = (), *, now: datetime | None = None) -> TlsFiles:
        """A new leaf for a DNS name, and for further DNS names or IP addresses; replaces the files of the last one."""
        now = now or datetime.now(UTC)
        if not _NAME.fullmatch(name):
            raise ValueError("a certificate is issued for a DNS name in lower case")
        key = generate_private_key(SECP256R1())
        leaf = self._leaf(key, [name, *(host for host in hosts if host != name)], now)
        return self._write(name, key, leaf)

    def _leaf(self, key: EllipticCurvePrivateKey, hosts: Sequence[str], now: datetime) -> x509.Certificate:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        subject = _subject(hosts[0])
        builder = _builder(subject, self._certificate.subject, key, now, min(now + LEAF_LIFETIME, self._end))
        builder = builder.add_extension(x509.SubjectAlternativeName([_san(host) for host in hosts]), critical=False)
        builder = builder.add_extension(usage, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(authority=False), critical=True)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return builder.add_extension(issuer, critical=False).sign(self._key, SHA256())

    @property
    def _end(self) -> datetime:
        return self._certificate.not_valid_after_utc

    def _write(self, name: str, key: EllipticCurvePrivateKey, leaf: x509.Certificate) -> TlsFiles:
        folder = self._folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        files = TlsFiles(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")
        whole_file.write(
            files.authority, self.bundle.read_bytes(), mode=0o644
        )  # first: whoever takes up the leaf knows its issuer
        whole_file.write(files.key, _key_pem(key), mode=0o600)
        whole_file.write(files.certificate, leaf.public_bytes(Encoding.PEM), mode=0o644)
        return files


def renew_due(files: TlsFiles, now: datetime) -> bool:
    """Whether issue() must be called: files missing, not a pair, leaf not in date or in its last RENEW_BEFORE."""
    try:
        leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        _load_key(files.key, leaf)
    except (OSError, ValueError, TlsRefused, SecretRefused):
        return True
    return not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - RENEW_BEFORE


def _create(
    folder: Path, old: list[x509.Certificate], now: datetime
) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    key = generate_private_key(SECP256R1())
    subject = _subject(f"mail-organiser local authority {now:%Y-%m-%d}")
    builder = _builder(subject, subject, key, now, now + AUTHORITY_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(authority=True), critical=True)
    certificate = builder.sign(key, SHA256())
    whole_file.write(folder / "authority.key", _key_pem(key), mode=0o600)
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in [certificate, *old])
    whole_file.write(folder / "authority.pem", pem, mode=0o644)
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    now: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - BACKDATE).not_valid_after(end)
    return builder.add_extension(identifier, critical=False)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:COMMON_NAME_LENGTH])])


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    if not _NAME.fullmatch(host):
        raise ValueError("a host is a DNS name in lower case or an IP address")
    return x509.DNSName(host)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _bundle(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError:
        raise TlsRefused("authority.pem holds no certificate. Remove the authority's folder to begin anew.") from None


def _load_key(path: Path, certificate: x509.Certificate) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(read_private(path, path.name), None)
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise TlsRefused(f"{path.name} does not belong to its certificate. Remove both, and they are made anew.")
    return key
