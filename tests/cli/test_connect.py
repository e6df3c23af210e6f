"""`mail-organiser connect`: what it asks, prints and writes, as a process with and without a terminal."""

import json
import os
import pty
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from chassis import settings
from cli import application_certificate, registration
from cli.accounts import KINDS, Accounts, authority, guid
from cli.graph_permission import PERMISSIONS, manifest, needed
from cli.house import House, Ports
from cli.place import Place, toml
from cli.registration_steps import Wanted, azure_cli, portal
from gateway.identity.scopes import PINNED, Consent
from gateway.settings import GatewaySettings
from gateway.store.codes import Access

PROGRAM = str(Path(sys.executable).with_name("mail-organiser"))
CLIENT, TENANT = "11111111-2222-3333-4444-555555555555", "66666666-2222-3333-4444-555555555555"
IDS = ("--client-id", CLIENT, "--tenant-id", TENANT)
MAY_DIFFER = {  # URLs and credentials, and the pause that depends on how fast the other side ends what it began
    *("mode", "public_url"),
    *("microsoft.client_id", "microsoft.authority", "microsoft.tenants", "microsoft.consent"),
    *("microsoft.client_secret_file", "microsoft.certificate_file", "microsoft.private_key_file"),
    *("microsoft.authority_ca_file", "graph.url", "graph.authority", "graph.settle_seconds"),
}


def connected(command: Any, var: Path, *more: str) -> Any:
    """A script that gives everything."""
    return command.ran("connect", "--var", str(var), "--yes", "--no-check", *IDS, *more)


def flat(values: Any, prefix: str = "") -> dict[str, Any]:
    """Dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def typed(var: Path, *lines: str) -> tuple[int, str]:
    """Exit code and stderr of a person who types these lines at a terminal."""
    master, slave = pty.openpty()
    words = [PROGRAM, "connect", "--var", str(var), "--no-check"]
    process = subprocess.Popen(
        words,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(slave)
    os.write(master, "".join(f"{line}\n" for line in lines).encode())
    _, told = process.communicate(timeout=60)
    os.close(master)
    return process.returncode, told


def test_a_script_gets_settings_that_the_gateway_takes(command: Any, tmp_path: Path) -> None:
    """Exit code 0, the file for its owner alone, every path in it absolute, the secret half apart from the rest."""
    assert connected(command, tmp_path).returncode == 0
    path = registration.file_in(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = registration.read(path)
    assert read.microsoft["client_id"] == CLIENT
    assert read.microsoft["authority"] == f"https://login.microsoftonline.com/{TENANT}"
    assert read.microsoft["tenants"] == [TENANT]
    key = Path(read.microsoft["private_key_file"])
    assert (key.parent.name, stat.S_IMODE(key.stat().st_mode)) == ("secrets", 0o600)
    assert read.callback == "https://localhost:8443/api/v1/session/callback"


def test_sandbox_and_microsoft_differ_in_urls_and_credentials_alone(command: Any, tmp_path: Path) -> None:
    """One code path: the two generated configurations of the gateway, key by key; a closed list may differ."""
    assert connected(command, tmp_path).returncode == 0
    place, ports = Place.make(tmp_path / "house"), Ports(8443, 2, 3, 4)
    sandbox = House(place, ports, "sample")
    sandbox.renew()
    real = House(place, ports, "", registration=registration.read(registration.file_in(tmp_path)))
    ours, theirs = flat(sandbox.gateway()), flat(real.gateway())
    differ = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    assert differ <= MAY_DIFFER
    assert {"microsoft.authority", "graph.url", "microsoft.client_id"} <= differ
    for values in (sandbox.gateway(), real.gateway()):
        path = tmp_path / "gateway.toml"
        path.write_text(toml(values))
        settings.load(GatewaySettings, path)
    assert [child.name for child in real.mailbox()] == ["gateway"]


def test_who_types_is_asked_again_after_a_slip(tmp_path: Path) -> None:
    """Every question has an answer to take with Enter, but for the ids; what is no id is said so, in words."""
    code, told = typed(tmp_path, "", "", "preview-first", "not-an-id", CLIENT.upper(), TENANT)
    assert code == 0, told
    assert "That is no id" in told
    read = registration.read(registration.file_in(tmp_path))
    assert (read.microsoft["client_id"], read.microsoft["consent"]) == (CLIENT, "preview-first")


def test_stopped_and_run_again_it_goes_on(command: Any, tmp_path: Path) -> None:
    """What was answered is kept, and so is the certificate that may have been uploaded already."""
    base = ("connect", "--var", str(tmp_path), "--yes", "--no-check")
    first = command.ran(*base, "--accounts", "everyone", "--consent", "preview-first")
    assert first.returncode == 2
    assert "--client-id" in first.stderr
    certificate = (tmp_path / "microsoft" / "settings" / "mail-organiser.cer").read_bytes()
    assert command.ran(*base, "--client-id", CLIENT).returncode == 0
    read = registration.read(registration.file_in(tmp_path))
    assert read.microsoft["authority"] == "https://login.microsoftonline.com/common"
    assert read.microsoft["consent"] == "preview-first"
    assert (tmp_path / "microsoft" / "settings" / "mail-organiser.cer").read_bytes() == certificate


def test_nothing_is_written_over_without_a_yes(command: Any, tmp_path: Path) -> None:
    """The same again is fine; anything else needs --yes, or a yes."""
    assert connected(command, tmp_path).returncode == 0
    path = registration.file_in(tmp_path)
    before = path.read_bytes()
    again = ("connect", "--var", str(tmp_path), "--no-check")
    assert command.ran(*again, *IDS).returncode == 0
    other = command.ran(*again, "--client-id", TENANT)
    assert other.returncode == 2
    assert "Nothing was written" in other.stderr
    assert path.read_bytes() == before
    assert typed(tmp_path, "n")[0] == 2  # the other id was remembered as an answer, and is asked about
    assert path.read_bytes() == before
    assert typed(tmp_path, "y")[0] == 0
    assert registration.read(path).microsoft["client_id"] == TENANT


@pytest.mark.parametrize(
    "wrong",
    [
        ("--client-id", "hello"),
        ("--tenant-id", "contoso.onmicrosoft.com"),
        ("--url", "http://localhost:8443"),
        ("--url", "https://localhost:8443/app"),
        ("--url", "https://localhost:8443\n[graph]"),
        ("--secret-file", "nowhere"),
    ],
)
def test_what_can_not_be_used_is_refused_in_words(command: Any, tmp_path: Path, wrong: tuple[str, str]) -> None:
    """Three lines: what, why, what to do; and no traceback."""
    refused = connected(command, tmp_path, *wrong)
    assert refused.returncode in {1, 2}
    assert "Traceback" not in refused.stderr
    assert "mail-organiser: " in refused.stderr


def test_a_check_that_fails_says_so_and_keeps_what_was_written(command: Any, tmp_path: Path) -> None:
    """No network here: Microsoft can't be reached, which is exit code 1, and nothing has to be typed again."""
    result = command.ran("connect", "--var", str(tmp_path), "--yes", *IDS)
    assert result.returncode == 1
    assert "can't be reached" in result.stderr
    assert registration.file_in(tmp_path).exists()


@pytest.mark.parametrize("consent", list(Consent))
def test_the_registration_asks_for_the_pinned_permissions_and_no_other(consent: Consent) -> None:
    """By name in the portal's steps, by Microsoft's id in the command; with preview-first for both sets."""
    sets = [Access.FULL] if consent is Consent.AT_ONCE else list(Access)
    wanted = {"openid", "profile", "offline_access", *(name for access in sets for name in PINNED[access])}
    assert {one.name for one in needed(consent)} == wanted
    (graph,) = json.loads(manifest(consent))
    assert {one["id"] for one in graph["resourceAccess"]} == {PERMISSIONS[name].id for name in wanted}
    assert {one["type"] for one in graph["resourceAccess"]} == {"Scope"}
    assert len({one.id for one in PERMISSIONS.values()}) == len(PERMISSIONS)


@pytest.mark.parametrize("accounts", list(Accounts))
def test_the_steps_can_be_copied(accounts: Accounts, tmp_path: Path) -> None:
    """Each command is words that a shell takes apart again; the redirect URI is there to the letter."""
    callback = "https://localhost:8443/api/v1/session/callback"
    wanted = Wanted(accounts, Consent.AT_ONCE, callback, tmp_path / "it's here.cer")
    create, upload, *_ = azure_cli(wanted)
    words = shlex.split(create.removeprefix("APP=$(").removesuffix(")"))
    assert words[words.index("--sign-in-audience") + 1] == KINDS[accounts].audience
    assert words[words.index("--web-redirect-uris") + 1] == callback
    assert f"@{tmp_path}/it's here.cer" in shlex.split(upload)
    assert any(line.endswith(callback) for line in portal(wanted))


def test_the_authority_is_the_directorys_own_for_one_organisation() -> None:
    """And Entra's alias otherwise: then the tenant stands in the token alone."""
    found = [authority(one, TENANT).rpartition("/")[2] for one in Accounts]
    assert found == [TENANT, "organizations", "common", "consumers"]
    assert guid(f" {CLIENT.upper()} ") == CLIENT
    assert guid("11111111222233334444555555555555") is None


def test_the_certificate_is_one_that_entra_takes(tmp_path: Path) -> None:
    """RSA of 2048 bits or more, a year, self-signed; its key for its owner alone."""
    application_certificate.make(tmp_path / "a.cer", tmp_path / "a.key", "mail-organiser")
    made = x509.load_pem_x509_certificate((tmp_path / "a.cer").read_bytes())
    assert made.public_key().key_size >= 2048  # type: ignore[union-attr]  # RSA has one
    assert 360 < (made.not_valid_after_utc - made.not_valid_before_utc).days < 370
    made.verify_directly_issued_by(made)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_up_without_a_registration_says_what_to_do(command: Any, tmp_path: Path) -> None:
    """And with one, the port is the registered one: it is refused, not exchanged, when it is taken."""
    refused = command.ran("up", "--microsoft", "--var", str(tmp_path))
    assert refused.returncode == 2
    assert "mail-organiser connect" in refused.stderr


def test_up_runs_on_what_was_connected(command: Any, tmp_path: Path) -> None:
    """The gateway starts with the registration; Microsoft is not needed before somebody signs in."""
    port = Ports.choose(0).gateway
    assert connected(command, tmp_path, "--url", f"https://localhost:{port}").returncode == 0
    with command.started("up", "--microsoft", "--var", str(tmp_path), cwd=tmp_path) as running:
        assert running.until("stdout", "^https://") == f"https://localhost:{port}"
        assert set(running.children()) == {"gateway", "sentinel", "classifier"}
