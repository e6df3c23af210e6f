"""The local authority."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from chassis import tls
from chassis.authority import LocalAuthority, renew_due
from chassis.tls import TlsRefused

NAME = "sentinel.mail-organiser.internal"
NOW = datetime.now(UTC)


def _leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_leaf_is_what_both_ends_of_mtls_need(tmp_path: Path) -> None:
    """P-256, 30 days, its name and hosts as SANs, both usages, no authority itself."""
    leaf = _leaf(LocalAuthority.open(tmp_path).issue(NAME, ["localhost", "127.0.0.1", "::1"], now=NOW).certificate)
    key = leaf.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert leaf.not_valid_after_utc == NOW.replace(microsecond=0) + timedelta(days=30)
    sans = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sans.get_values_for_type(x509.DNSName) == [NAME, "localhost"]
    assert [str(ip) for ip in sans.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    usage = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usage == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_openssl_accepts_the_chain_for_both_uses(tmp_path: Path) -> None:
    """Another implementation's opinion."""
    files = LocalAuthority.open(tmp_path).issue(NAME)
    for purpose in ("sslserver", "sslclient"):
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", files.authority]
        subprocess.run([*command, files.certificate], check=True, capture_output=True)


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """0600 for both keys, whatever the umask; 0700 for the folders."""
    files = LocalAuthority.open(tmp_path / "a").issue(NAME)
    for key in (files.key, tmp_path / "a" / "authority.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    assert files.key.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    """Opened again, it is the same one, and its leaves load together."""
    first = LocalAuthority.open(tmp_path)
    before = first.bundle.read_bytes()
    again = LocalAuthority.open(tmp_path)
    assert again.bundle.read_bytes() == before
    tls.load(again.issue(NAME))


def test_issuing_anew_replaces_the_files_whole(tmp_path: Path) -> None:
    """Same paths, another key and serial number, and no draft left behind."""
    authority = LocalAuthority.open(tmp_path)
    files = authority.issue(NAME)
    old = files.key.read_bytes(), _leaf(files.certificate).serial_number
    assert authority.issue(NAME) == files
    assert (files.key.read_bytes(), _leaf(files.certificate).serial_number) != old
    assert sorted(path.name for path in files.key.parent.iterdir()) == ["authority.pem", "certificate.pem", "key.pem"]


@pytest.mark.parametrize(("days", "due"), [(0, False), (19, False), (21, True), (31, True), (-1, True)])
def test_a_leaf_is_renewed_in_its_last_ten_days(tmp_path: Path, days: int, due: bool) -> None:  # noqa: FBT001  # a parameter of the table
    """Due in good time, and when it is out of date either way."""
    files = LocalAuthority.open(tmp_path).issue(NAME, now=NOW)
    assert renew_due(files, NOW + timedelta(days=days)) is due


@pytest.mark.parametrize("name", ["certificate", "key"])
@pytest.mark.parametrize("content", [None, b"garbage"])
def test_a_broken_set_of_files_is_renewed(tmp_path: Path, name: str, content: bytes | None) -> None:
    """A crash between two replacements heals at the next look."""
    files = LocalAuthority.open(tmp_path).issue(NAME)
    path: Path = getattr(files, name)
    path.unlink() if content is None else path.write_bytes(content)
    assert renew_due(files, NOW)


def test_a_pair_of_two_issues_is_renewed(tmp_path: Path) -> None:
    """Key and certificate must belong together."""
    authority = LocalAuthority.open(tmp_path)
    files, other = authority.issue(NAME), authority.issue("gateway.mail-organiser.internal")
    files.key.write_bytes(other.key.read_bytes())
    assert renew_due(files, NOW)


def test_an_authority_that_ages_gets_a_successor_and_stays_accepted(tmp_path: Path) -> None:
    """60 days before its end: new leaves come from the new one, old leaves are accepted until the old one ends."""
    LocalAuthority.open(tmp_path, now=NOW - timedelta(days=680))
    (old,) = x509.load_pem_x509_certificates((tmp_path / "authority.pem").read_bytes())
    LocalAuthority.open(tmp_path, now=NOW)
    new, kept = x509.load_pem_x509_certificates((tmp_path / "authority.pem").read_bytes())
    assert kept == old
    assert new.not_valid_after_utc > NOW + timedelta(days=700)
    LocalAuthority.open(tmp_path, now=NOW + timedelta(days=720))
    assert old not in x509.load_pem_x509_certificates((tmp_path / "authority.pem").read_bytes())


def test_a_key_that_is_not_the_authority_s_is_refused(tmp_path: Path) -> None:
    """Signing with another key would make certificates that nobody accepts."""
    LocalAuthority.open(tmp_path / "a")
    LocalAuthority.open(tmp_path / "b")
    (tmp_path / "a" / "authority.key").write_bytes((tmp_path / "b" / "authority.key").read_bytes())
    with pytest.raises(TlsRefused, match=r"authority\.key does not belong"):
        LocalAuthority.open(tmp_path / "a")


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A.b", ".", "..", "a..b", "-a", "x" * 64])
def test_a_name_that_is_no_dns_name_is_refused(tmp_path: Path, name: str) -> None:
    """A name becomes a folder and a SAN: neither takes surprises."""
    with pytest.raises(ValueError, match="DNS name"):
        LocalAuthority.open(tmp_path).issue(name)
    with pytest.raises(ValueError, match="DNS name"):
        LocalAuthority.open(tmp_path).issue(NAME, [name])
