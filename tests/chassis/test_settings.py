"""Settings and the secrets they name."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError, field_validator

from chassis.errors import StartRefused
from chassis.secret_file import MAX_SECRET, SecretFile, SecretRefused
from chassis.settings import Settings, SettingsRefused, load
from chassis.tls import TlsFiles

CANARY = "hunter2-canary"


class Store(Settings):
    """A part."""

    password: SecretFile


class Sample(Settings):
    """A service's settings."""

    listen: str = "127.0.0.1:0"
    workers: int = 1
    engine: Literal["learned", "provider"] = "learned"
    store: Store
    tls: TlsFiles | None = None

    @field_validator("listen")
    @classmethod
    def _quotes(cls, value: str) -> str:
        if "canary" in value:
            raise ValueError(f"cannot listen on {value}")
        return value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text(f"{CANARY}\n")
    return tmp_path


def _write(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


GOOD = '[store]\npassword = "password"\n'


def test_settings_are_read_from_a_file(folder: Path) -> None:
    """Relative secret paths count from the file's folder; the secret is read when it is asked for."""
    settings = load(Sample, _write(folder, "workers = 2\n" + GOOD))
    assert (settings.workers, settings.store.password.text()) == (2, CANARY)


def test_settings_are_frozen(folder: Path) -> None:
    """What was checked at start stays."""
    settings = load(Sample, _write(folder, GOOD))
    with pytest.raises(ValidationError):
        settings.workers = 3


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("wrokers = 2\n" + GOOD, "wrokers"),
        (GOOD + "pool = 1\n", "store.pool"),
        (GOOD + '[tls]\ncertificate="c"\nkey="k"\nauthority="a"\nchain="x"\n', "tls.chain"),
    ],
)
def test_an_unknown_key_is_refused_by_name(folder: Path, text: str, key: str) -> None:
    """At every depth: a misspelt limit must not silently be the default."""
    with pytest.raises(SettingsRefused, match=f"{key}: nobody knows this key"):
        load(Sample, _write(folder, text))


def test_a_missing_key_is_refused_by_name(folder: Path) -> None:
    """And the error says to add it."""
    with pytest.raises(SettingsRefused, match=r"store\.password: is missing; add it"):
        load(Sample, _write(folder, "[store]\n"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f'workers = "{CANARY}"\n' + GOOD, "workers"),
        (f'engine = "{CANARY}"\n' + GOOD, "engine"),
        (f'listen = "{CANARY}"\n' + GOOD, "listen"),
        (f'store = "{CANARY}"\n', "store"),
        (f'[store]\npassword = "{CANARY}"\n', "store.password"),
        (f'[store]\npassword = ["{CANARY}"]\n', "store.password"),
        (f'[store]\npassword = "password"\n[tls]\nkey = "{CANARY}"\n', "tls.certificate"),
    ],
)
def test_an_error_names_the_key_and_never_the_value(folder: Path, text: str, key: str) -> None:
    """People paste secrets into the wrong place: no error, and no cause of it, repeats them."""
    with pytest.raises(StartRefused) as caught:
        load(Sample, _write(folder, text))
    assert key.rpartition(".")[2] in str(caught.value)
    assert "canary" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__


def test_all_faults_are_told_at_once(folder: Path) -> None:
    """One start, one list."""
    with pytest.raises(SettingsRefused, match=r"(?s)workers.*wrong"):
        load(Sample, _write(folder, 'workers = "two"\nwrong = 1\n' + GOOD))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(f"password = {CANARY}".encode(), "not TOML at line 1"), (b"\xff\xfe", "not UTF-8"), (b"#" * 1_048_577, "over")],
)
def test_a_file_that_is_no_settings_file_is_refused(folder: Path, content: bytes, reason: str) -> None:
    """The error says where, and quotes nothing."""
    path = folder / "settings.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsRefused, match=reason) as caught:
        load(Sample, path)
    assert "canary" not in str(caught.value)


def test_a_missing_settings_file_is_refused(folder: Path) -> None:
    """No file, no defaults."""
    with pytest.raises(SettingsRefused, match="cannot be read"):
        load(Sample, folder / "none.toml")


def test_nothing_printable_shows_the_secret_or_its_path(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """repr, str, format, dict and a log record of settings hold neither."""
    settings = load(Sample, _write(folder, GOOD))
    logging.getLogger("test").warning("%s %r", settings, settings)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.store.password} {caplog.text}"
    assert CANARY not in shown
    assert str(folder) not in shown


def test_validation_outside_of_load_hides_values_too() -> None:
    """A settings object made in code raises pydantic's own error: it must not echo either."""
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({"workers": CANARY})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o601, 0o666])
def test_a_secret_that_others_may_open_is_refused_at_start(folder: Path, mode: int) -> None:
    """Checked while loading, with the key's name and the fix."""
    (folder / "password").chmod(mode)
    with pytest.raises(SecretRefused, match=r"password: the secret file is open to group or others\. Run chmod 600"):
        load(Sample, _write(folder, GOOD))


def test_a_secret_that_was_opened_up_later_is_refused_when_it_is_read(folder: Path) -> None:
    """The check belongs to the reading, not to the start."""
    settings = load(Sample, _write(folder, GOOD))
    (folder / "password").chmod(0o644)
    with pytest.raises(SecretRefused, match="open to group or others"):
        settings.store.password.read()


@pytest.mark.parametrize("content", [b"", b"x" * (MAX_SECRET + 1)])
def test_an_empty_or_huge_secret_is_refused(folder: Path, content: bytes) -> None:
    """An empty key is no key."""
    (folder / "password").write_bytes(content)
    with pytest.raises(SecretRefused, match="empty or over"):
        SecretFile(folder / "password").read()


def test_a_secret_that_is_no_file_is_refused(folder: Path) -> None:
    """Folders, pipes (which would hang a start) and names that no file can have."""
    os.mkfifo(folder / "pipe", 0o600)
    for name in ("pipe", "", "nul\0"):
        with pytest.raises(SecretRefused):
            SecretFile(folder / name).read()


def test_text_that_is_not_utf_8_is_refused(folder: Path) -> None:
    """And isn't quoted."""
    (folder / "password").write_bytes(b"\xff")
    with pytest.raises(SecretRefused, match="not text"):
        SecretFile(folder / "password").text()


_AS_NOBODY = """
import os, sys
from pathlib import Path
from chassis.secret_file import SecretFile
os.setgroups([4711]); os.setgid(4711); os.setuid(4711)
print(SecretFile(Path(sys.argv[1])).text())
"""


@pytest.mark.parametrize(("owner", "mode", "accepted"), [(0, 0o440, True), (0, 0o460, False), (4711, 0o440, False)])
def test_a_mounted_secret_of_root_s_may_be_read_by_our_group(
    tmp_path: Path,
    owner: int,
    mode: int,
    accepted: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    """Kubernetes mounts secrets as root:fsGroup 0440 for a process that isn't root; nothing wider passes."""
    if os.geteuid() != 0:
        owner = os.geteuid()  # an ordinary developer can't make root's file: then every group-readable one is refused
        mode, accepted = 0o440, False
    secret = tmp_path / "password"
    secret.write_text("mounted")
    secret.chmod(mode)
    if os.geteuid() == 0:
        os.chown(secret, owner, 4711)
        tmp_path.chmod(0o711)
    program = _AS_NOBODY if os.geteuid() == 0 else _AS_NOBODY.replace("os.set", "0 and os.set")
    command = [sys.executable, "-c", program, secret.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30, check=False)
    assert (done.returncode == 0) is accepted, done.stderr
    assert accepted or b"open to group" in done.stderr
