"""Folders, secrets, keys and certificates on this machine."""

import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from sqlalchemy.exc import SQLAlchemyError

from chassis import tls
from chassis.errors import StartRefused
from chassis.settings import Tls
from cli.checks.found import Found, fail, ok, refusal, unknown, warn
from cli.inventory.row import Row, State
from gateway.deployment import open_existing
from gateway.identity.microsoft import MicrosoftSettings
from gateway.settings import GatewaySettings
from gateway.vault.errors import KeyringRefused

SOON: Final = timedelta(days=14)  # security-and-faults: certificates that end within 14 days are told
DATES: Final = "Dates of keys"
_REPLACE: Final = "docs/reference/keys.md says how it is replaced; `mail-organiser admin keys` shows all of them."
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def folders(configured: GatewaySettings) -> Iterator[Found]:
    """Nobody else may enter where data and keys lie."""
    places = {"Data folder": configured.database.parent}
    if configured.root_key is not None:
        places["Key folder"] = configured.root_key.parent
    for name, path in places.items():
        if not path.exists():
            yield unknown(name, "not there before the first start")
        elif path.stat().st_mode & _OTHERS:
            yield fail(name, f"others may enter {path}.", f"Run: chmod 700 {path}")
        else:
            yield ok(name, "closed to others")


def keyring(configured: GatewaySettings) -> Found:
    """The root key opens the others."""
    if not configured.keys.exists():
        return unknown("Keys", "not there before the first start")
    try:
        open_existing(configured)
    except (KeyringRefused, StartRefused) as refused:
        return fail("Keys", f"{refused}.", "Restore root and keys from the same backup; files with mode 0600.")
    return ok("Keys", "they open; their root lies apart from the data")


def dates(take: Callable[[], Sequence[Row]], now: datetime) -> Iterator[Found]:
    """What is due or over of all keys and certificates. take: the inventory, or why there is none."""
    try:
        rows = take()
    except (StartRefused, SQLAlchemyError):
        yield unknown(DATES, "they can't be looked at while something else is wrong")
        return
    told = [(row, row.state(now)) for row in rows]
    yield from (_ended(row) for row, state in told if state is State.ENDED)
    yield from (_due(row) for row, state in told if state is State.DUE)
    if all(state is State.GOOD for _, state in told):
        yield ok(DATES, f"none of {len(rows)} keys and certificates is due")


def _ended(row: Row) -> Found:
    return fail(DATES, f"{row.name} ended on {row.ends_at:%Y-%m-%d}.", _REPLACE)


def _due(row: Row) -> Found:
    why = f"was due on {row.due_at:%Y-%m-%d}" if row.due_at is not None else "is used half as often as it may be"
    return warn(DATES, f"{row.name} {why}.", _REPLACE)


def certificates(configured: GatewaySettings, now: datetime) -> Iterator[Found]:
    """Both of the gateway's own: a pair, ECDSA, in date, of its authority; the browsers' one for the right name."""
    host = configured.public_url.removeprefix("https://").partition(":")[0]
    yield refusal("Certificate for browsers", lambda: _leaf("Certificate for browsers", configured.edge_tls, host, now))
    yield refusal("Certificate for services", lambda: _leaf("Certificate for services", configured.peer_tls, None, now))


def application(settings: MicrosoftSettings, now: datetime) -> Found:
    """What the application proves itself with to Microsoft."""
    name = "Certificate for Microsoft"
    if settings.certificate_file is None:
        told = "none: a client secret is used" if settings.client_secret_file else "none: a public client"
        return ok(name, told)
    try:
        loaded = x509.load_pem_x509_certificate(settings.certificate_file.read_bytes())
    except (OSError, ValueError):
        return fail(name, "it can't be read.", "Run `mail-organiser connect` again.")
    renew = "Run `mail-organiser connect` again and upload the new .cer file before that."
    return _in_date(name, loaded.not_valid_after_utc, now, renew)


def _leaf(name: str, files: Tls, host: str | None, now: datetime) -> Found:
    material = tls.load(files.files, now)
    leaf = x509.load_pem_x509_certificates(material.certificate)[0]
    if host is not None and host not in _hosts(leaf):
        return fail(name, f"it is not for {host}.", "Issue one whose names include the host of public_url.")
    if not _issued_by(leaf, files.authority):
        return fail(name, "its authority file did not issue it.", "Install the authority that issued it beside it.")
    return _in_date(name, leaf.not_valid_after_utc, now, "On one machine a running `up` renews it; else renew it now.")


def _hosts(leaf: x509.Certificate) -> set[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = names.get_values_for_type(x509.IPAddress)
    return {*names.get_values_for_type(x509.DNSName), *(str(address) for address in addresses)}


def _issued_by(leaf: x509.Certificate, authority: Path) -> bool:
    for issuer in x509.load_pem_x509_certificates(authority.read_bytes()):
        try:
            leaf.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def _in_date(name: str, end: datetime, now: datetime, renew: str) -> Found:
    if end <= now:
        return fail(name, f"it ended on {end:%Y-%m-%d}.", renew)
    if end - now < SOON:
        return warn(name, f"it ends on {end:%Y-%m-%d}.", renew)
    return ok(name, f"good until {end.astimezone(UTC):%Y-%m-%d}")
