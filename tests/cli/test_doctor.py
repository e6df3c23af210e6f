"""`mail-organiser doctor`: beside a running house everything is well; what is broken is named, with what to do."""

import asyncio
import json
import socket
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis import settings
from chassis.authority import LocalAuthority
from cli import doctor
from cli.checks import database, keys, machine, microsoft
from cli.checks.found import Found, State, refusal
from cli.checks.table import as_json, show
from cli.house import House, Ports
from cli.place import Place
from gateway.identity.microsoft import Microsoft
from gateway.settings import GatewaySettings
from gateway.store import engine as store
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot

NAMES = {
    *("Python", "Packages", "Settings", "Sentinel's settings", "Classifier's settings", "AI provider"),
    *("Data folder", "Key folder", "Keys", "Certificate for browsers", "Certificate for services"),
    "Dates of keys",
    *("Certificate for Microsoft", "Disk", "Database", "Consent", "Clock"),
    *("Microsoft sign-in", "Proof of the application", "Microsoft Graph"),
}
NOW = 1_900_000_000_000


@pytest.fixture
def configured(tmp_path: Path) -> GatewaySettings:
    """A house of which nothing runs: settings, certificates, keys and an empty database."""
    place = Place.make(tmp_path / "house")
    house = House(place, Ports.choose(0), "sample")
    house.renew()
    house.mailbox()
    made = settings.load(GatewaySettings, place.path("settings", "gateway.toml"))
    assert made.root_key is not None
    Keyring.create(FileRoot(made.root_key, data_folder=made.database.parent), made.keys, now=NOW)
    engine = store.open(made.database)
    store.migrate(engine)
    engine.dispose()
    return made


def only(found: Any, name: str) -> Found:
    return next(one for one in found if one.name == name)


def test_before_the_first_start_it_says_what_is_not_there_yet(command: Any, tmp_path: Path) -> None:
    """Nothing is wrong with a machine on which nothing was started; and nothing was made."""
    result = command.ran("doctor", "--var", str(tmp_path / "var"), "--format", "json")
    assert result.returncode == 0, result.stdout
    checks = {one["name"]: one["state"] for one in json.loads(result.stdout)["checks"]}
    assert checks == {"Python": "ok", "Packages": "ok", "Settings": "unknown", "Disk": "ok"}
    assert not (tmp_path / "var").exists()


def test_beside_a_running_house_everything_is_well(command: Any, sample_house: Any) -> None:
    """Every check, each well: settings, keys, certificates, port, database, Microsoft (the sandbox), consent."""
    file = sample_house.place.path("settings", "gateway.toml")
    result = command.ran("doctor", "--settings", str(file), "--format", "json")
    told = json.loads(result.stdout)
    assert [one for one in told["checks"] if one["state"] != "ok"] == []
    port = f"Port {sample_house.ports.gateway}"
    assert {one["name"] for one in told["checks"]} == NAMES | {port}
    assert (result.returncode, told["failed"]) == (0, False)
    table = command.ran("doctor", "--settings", str(file))
    assert "Consent: 1 mailbox may be looked at and moved in" in table.stdout


def test_it_names_nobody(command: Any, sample_house: Any) -> None:
    """Counts of mailboxes, no id and no address: what it prints may be pasted into a question."""
    file = sample_house.place.path("settings", "gateway.toml")
    told = command.ran("doctor", "--settings", str(file)).stdout
    assert not [word for word in ("mbx_", "per_", "@", sample_house.mailbox, sample_house.token) if word in told]


@pytest.mark.usefixtures("configured")
def test_a_failure_is_exit_code_1_in_words(command: Any, tmp_path: Path) -> None:
    """Nobody listens for Microsoft: named, with what to do."""
    result = command.ran("doctor", "--settings", str(tmp_path / "house" / "settings" / "gateway.toml"))
    assert result.returncode == 1
    assert "FAILS" in result.stdout
    assert "can't be reached" in result.stdout
    assert "Traceback" not in result.stderr


def broken_settings(tmp_path: Path) -> Found:
    path = tmp_path / "house" / "settings" / "gateway.toml"
    path.write_text(path.read_text() + '\nsurprise = "canary-value"\n')
    return only(doctor._settings(path, tmp_path), "Settings")


def open_secret(tmp_path: Path) -> Found:
    (tmp_path / "house" / "secrets" / "client-secret").chmod(0o644)
    return only(doctor._settings(tmp_path / "house" / "settings" / "gateway.toml", tmp_path), "Settings")


def open_root_key(tmp_path: Path, made: GatewaySettings) -> Found:
    (tmp_path / "house" / "secrets" / "root.key").chmod(0o644)
    return keys.keyring(made)


def other_root_key(tmp_path: Path, made: GatewaySettings) -> Found:
    (tmp_path / "house" / "secrets" / "root.key").write_bytes(bytes(32))
    return keys.keyring(made)


def open_data_folder(tmp_path: Path, made: GatewaySettings) -> Found:
    (tmp_path / "house" / "data").chmod(0o755)
    return only(keys.folders(made), "Data folder")


def other_name(_: Path, made: GatewaySettings) -> Found:
    elsewhere = made.model_copy(update={"public_url": "https://mail.example.org"})
    return only(keys.certificates(elsewhere, datetime.now(UTC)), "Certificate for browsers")


def ended_certificate(_: Path, made: GatewaySettings) -> Found:
    return only(keys.certificates(made, datetime.now(UTC) + timedelta(days=60)), "Certificate for browsers")


def other_authority(tmp_path: Path, made: GatewaySettings) -> Found:
    other = LocalAuthority.open(tmp_path / "other").issue("other.test")
    made.edge_tls.authority.write_bytes(other.authority.read_bytes())
    return only(keys.certificates(made, datetime.now(UTC)), "Certificate for browsers")


def damaged_database(_: Path, made: GatewaySettings) -> Found:
    content = bytearray(made.database.read_bytes())
    content[4096:12288] = bytes(8192)
    made.database.write_bytes(content)
    return only(database.all_of(made.database), "Database")


def no_database(_: Path, made: GatewaySettings) -> Found:
    made.database.write_bytes(b"this is no database at all, but it is long enough to be taken for one" * 20)
    return only(database.all_of(made.database), "Database")


def later_database(_: Path, made: GatewaySettings) -> Found:
    with sqlite3.connect(made.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    return only(database.all_of(made.database), "Database")


def revoked_consent(_: Path, made: GatewaySettings) -> Found:
    with sqlite3.connect(made.database) as connection:
        connection.execute("INSERT INTO person VALUES ('per_a', x'01', 1, NULL)")
        connection.execute("INSERT INTO mailbox VALUES ('mbx_a', 'per_a', x'01', x'01', 1)")
        values = "('mbx_a', x'01', 1, 'full', 'consent_revoked', NULL, NULL, NULL)"
        connection.execute(f"INSERT INTO token_cache VALUES {values}")  # noqa: S608  # from the line above
    return only(database.all_of(made.database), "Consent")


def taken_port(*_: object) -> Found:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        return machine.port("127.0.0.1", taken.getsockname()[1], ours=False)


BROKEN: list[tuple[Callable[..., Found], str]] = [
    (open_root_key, "chmod 600"),
    (other_root_key, "not sealed by this root"),
    (open_data_folder, "chmod 700"),
    (other_name, "not for mail.example.org"),
    (ended_certificate, "expired"),
    (other_authority, "did not issue it"),
    (damaged_database, "damaged|can't be read"),
    (no_database, "can't be read"),
    (later_database, "later version"),
    (revoked_consent, "taken back at Microsoft"),
    (taken_port, "another program"),
]


@pytest.mark.parametrize(("breaks", "words"), BROKEN, ids=[one.__name__ for one, _ in BROKEN])
def test_each_thing_that_is_broken_is_told_with_what_to_do(
    configured: GatewaySettings, tmp_path: Path, breaks: Callable[..., Found], words: str
) -> None:
    """A failure in plain words, and a second sentence that helps."""
    found = breaks(tmp_path, configured)
    assert found.failed, found
    assert any(word in f"{found.told} {found.to_do}" for word in words.split("|")), found
    assert found.to_do.endswith((".", "?")) or "chmod" in found.to_do


@pytest.mark.parametrize(("breaks", "words"), [(broken_settings, "surprise"), (open_secret, "chmod 600")])
@pytest.mark.usefixtures("configured")
def test_settings_that_would_be_refused_are_refused_in_the_same_words(
    tmp_path: Path, breaks: Callable[..., Found], words: str
) -> None:
    """The key is named, its value never."""
    found = breaks(tmp_path)
    assert found.failed
    assert words in f"{found.told} {found.to_do}"
    assert "canary-value" not in as_json([found])


def answered(date: str | None) -> httpx.Response:
    return httpx.Response(200, headers={} if date is None else {"date": date})


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, State.OK), (-30, State.WARN), (61, State.FAIL), (-3600, State.FAIL)]
)
def test_the_clock_is_compared_with_an_answers_date(seconds: int, state: State) -> None:
    """60 s are what an ID token's times may be off."""
    now = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
    date = (now + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert microsoft.clock(answered(date), now).state is state


@pytest.mark.parametrize("answer", [answered(None), answered("yesterday"), httpx.ConnectError("away")])
def test_a_clock_that_nobody_can_be_asked_about_is_unknown(answer: Any) -> None:
    """No date, no date that can be read, nobody there."""
    assert microsoft.clock(answer, datetime.now(UTC)).state is State.UNKNOWN


def test_an_authority_that_speaks_for_another_is_told() -> None:
    """As the gateway would refuse it: before anybody tries to sign in, with what to set."""
    authority = "https://login.example/tenant"
    document = {"issuer": f"{authority}/v2.0", "jwks_uri": f"{authority}/keys"}
    assert microsoft.login(authority, httpx.Response(200, json=document)).state is State.OK
    found = microsoft.login(authority, httpx.Response(200, json={**document, "issuer": "https://evil.example/v2.0"}))
    assert found.failed
    assert "another issuer than the configured authority's" in found.told
    assert "microsoft.authority" in found.to_do


def test_a_wrong_client_secret_is_seen_without_a_person(sample_house: Any, tmp_path: Path) -> None:
    """Before anybody tries to sign in."""
    made = settings.load(GatewaySettings, sample_house.place.path("settings", "gateway.toml"))
    (tmp_path / "wrong").write_text("wrong")
    (tmp_path / "wrong").chmod(0o600)
    values = {"client_id": made.microsoft.client_id, "authority": made.microsoft.authority}
    values |= {"authority_ca_file": made.microsoft.authority_ca_file, "client_secret_file": tmp_path / "wrong"}
    wrong = type(made.microsoft).model_validate(values)
    found = microsoft.of_settings(wrong, made.graph.url, made.graph.authority)
    assert only(found, "Proof of the application").failed
    assert asyncio.run(_closed(made.microsoft)) is None


async def _closed(good: Any) -> Any:
    client = Microsoft(good)
    try:
        return await client.credential()
    finally:
        client.close()


def test_connected_and_never_started_is_looked_at_too(command: Any, tmp_path: Path) -> None:
    """What can be known of a registration before there is a gateway."""
    ids = ("--client-id", "11111111-2222-3333-4444-555555555555", "--tenant-id", "66666666-2222-3333-4444-555555555555")
    assert command.ran("connect", "--var", str(tmp_path), "--yes", "--no-check", *ids).returncode == 0
    told = json.loads(command.ran("doctor", "--var", str(tmp_path), "--format", "json").stdout)
    states = {one["name"]: one["state"] for one in told["checks"]}
    assert (states["Registration"], states["Microsoft sign-in"]) == ("ok", "fail")  # no network here


def test_a_refused_start_is_told_whole() -> None:
    """What and what to do are the two halves of the sentence that the start would print."""

    def look() -> Found:
        raise settings.SettingsRefused("The file is odd. Mend it.")

    assert refusal("X", look) == Found("X", State.FAIL, "The file is odd.", "Mend it.")


def test_names_of_files_can_not_draw_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A path is somebody's text as well."""
    show([Found("X", State.FAIL, "the file \x1b[2J\u202e is odd", "mend \x1b[31m it")])
    assert "\x1b" not in capsys.readouterr().err
