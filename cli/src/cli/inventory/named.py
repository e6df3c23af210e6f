"""What settings name: secrets in files, and certificates. Every setting of these kinds is found, whoever adds it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from pydantic import BaseModel

from chassis.authority import AUTHORITY_OVERLAP
from chassis.secret_file import SecretFile
from chassis.settings import Settings, Tls
from cli.inventory.listed import AUTHORITY, KEYS, LEAF, SECRETS
from cli.inventory.row import Row, of_file

BUNDLES: Final = frozenset({"authority", "authority_ca_file", "otlp_authority"})  # how settings call such a file
LEAF_FILE: Final = ".certificate_file"


def rows(service: str, configured: Settings, now: datetime) -> Iterator[Row]:
    """Of one service's settings, in their order."""
    for setting, value in _walk(service, configured):
        if isinstance(value, SecretFile):
            yield of_file(setting, SECRETS[setting], setting, value.dates())
        elif isinstance(value, Tls):
            yield from _leaf(setting, value.certificate)
            yield from _authorities(f"{setting}.authority", value.authority, now)
        elif isinstance(value, Path) and setting.rpartition(".")[2] in BUNDLES:
            yield from _authorities(setting, value, now)
        elif isinstance(value, Path) and setting.endswith(LEAF_FILE):
            yield from _leaf(setting, value)


def authority_key(tls: Tls, now: datetime) -> Iterator[Row]:
    """The key of the local authority, where `up` made one: two folders above a leaf."""
    if (tls.certificate.parent.parent / "authority.key").exists():
        newest = max(_authorities("authority.key", tls.authority, now), key=lambda row: row.ends_at or now)
        yield replace(newest, where="file beside the certificates")


def _walk(prefix: str, configured: BaseModel) -> Iterator[tuple[str, object]]:
    for name, value in configured:
        setting = f"{prefix}.{name}"
        yield setting, value
        if isinstance(value, BaseModel) and not isinstance(value, Tls):
            yield from _walk(setting, value)


def _leaf(setting: str, file: Path) -> Iterator[Row]:
    """Due in the last third of its life, as ACME clients and chassis.authority renew."""
    for leaf in _read(file)[:1]:
        begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        yield _row(setting, LEAF, leaf, end - (end - begin) / 3)


def _authorities(setting: str, file: Path, now: datetime) -> Iterator[Row]:
    """Those in date, or all when none is. What overlaps is no fault: only the one that ends last is ever due."""
    found = _read(file)
    good = [one for one in found if one.not_valid_after_utc > now] or found
    last = max((one.not_valid_after_utc for one in good), default=now)
    for one in good:
        yield _row(setting, AUTHORITY, one, last - AUTHORITY_OVERLAP if one.not_valid_after_utc == last else None)


def _read(file: Path) -> list[x509.Certificate]:
    """A file that can't be read has no row: the checks of certificates say what is wrong with it."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return []


def _row(setting: str, kind: str, certificate: x509.Certificate, due_at: datetime | None) -> Row:
    begin = certificate.not_valid_before_utc
    return Row(
        name=setting,
        what=KEYS[kind]._replace(algorithm=_algorithm(certificate)),
        where=setting,
        id=f"{certificate.serial_number:x}",
        made_at=begin,
        made_by="certificate",
        in_use_since=begin,
        ends_at=certificate.not_valid_after_utc,
        due_at=due_at,
    )


def _algorithm(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return f"ECDSA {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else type(key).__name__.strip("_")
