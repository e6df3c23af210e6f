"""`mail-organiser up` as people run it: from nothing to a sorted mailbox, and to nothing again."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox import sample

ROOT = Path(__file__).resolve().parents[2]
HELD = re.compile(r"^  from .* <([^<>]*)>$", re.MULTILINE)
LEARNED = r"Learned from 25\d filed messages in 8 folders and sorted 157 in \S+ s \(\S+ a second\)"
MAILBOX = "meine Mails \u2709.mbox"
FOUR = {"sandbox", "sentinel", "classifier", "gateway"}


@pytest.fixture(scope="module")
def check() -> "subprocess.CompletedProcess[str]":
    """`make run CHECK=1` on the sample, as the README says it."""
    environment = {**os.environ, "COLUMNS": "250", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["make", "--silent", "run", "CHECK=1", "PORT=0"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_last_line_of_a_check_is_its_result(check: "subprocess.CompletedProcess[str]") -> None:
    """Exactly these keys; every message of the inbox is in one of the four sums; the exit code is 0."""
    assert check.returncode == 0, check.stderr
    result = json.loads(check.stdout.splitlines()[-1])
    assert list(result) == ["move", "keep", "review", "held", "seconds", "url"]
    inbox = sum(message.folder is None for message in sample.messages())
    assert result["move"] + result["keep"] + result["review"] + result["held"] == inbox
    assert result["move"] > inbox / 2
    assert 0 < result["seconds"] < 240
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", result["url"])


def test_attacks_are_held_and_ordinary_mail_is_not(check: "subprocess.CompletedProcess[str]") -> None:
    """At least 10 of the sample's 12 attacks, and nobody else's message."""
    truth = sample.truth()
    attackers = {one.sender_address for one in sample.messages() if truth[one.internet_message_id or ""].technique}
    held = HELD.findall(check.stdout)
    assert {*held} <= attackers, "ordinary mail is held"
    assert len(held) == json.loads(check.stdout.splitlines()[-1])["held"] >= 10


def test_data_goes_to_stdout_and_progress_to_stderr(check: "subprocess.CompletedProcess[str]") -> None:
    """Without a terminal: plain lines on both, no colour, no bar; stderr says what went on and how fast."""
    assert "\x1b" not in check.stdout + check.stderr
    assert "Nothing has moved yet." in check.stdout
    assert "Starting gateway, sandbox, sentinel, classifier" in check.stderr
    assert re.search(
        r"Learned from 25\d filed messages in 8 folders and sorted 157 in \S+ s \(\S+ a second\)", check.stderr
    )
    assert "Learned" not in check.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample_mbox: Path) -> Path:
    """A folder whose path has blanks, quotes, umlauts and emoji, with a mailbox in it."""
    made = tmp_path_factory.mktemp("up") / 'Pöst "alt" \U0001f4ec'
    made.mkdir()
    shutil.copy(sample_mbox, made / MAILBOX)
    return made


@pytest.fixture(scope="module")
def house(folder: Path, command: Any) -> Iterator[Any]:
    """`up` over a relative path, ready."""
    with command.started("up", "--mailbox", MAILBOX, "--var", "vär", "--port", "0", cwd=folder) as running:
        running.until("stdout", r"^https://127\.0\.0\.1:\d+$")
        yield running


def test_up_ends_its_preview_with_the_url(house: Any, folder: Path) -> None:
    """Ready, with all four processes, on a path that is relative and full of what shells dislike."""
    url = house.until("stdout", r"^https://")
    tls = ssl.create_default_context(cafile=str(next((folder / "vär").glob("*/tls/authority/authority.pem"))))
    assert httpx.get(f"{url}/readyz", verify=tls, trust_env=False).json()["ready"]
    assert house.children().keys() == FOUR


def test_a_crashed_process_is_started_again(house: Any, command: Any, folder: Path) -> None:
    """Killed from outside, sentinel comes back under a new id, it is said, and the whole is ready again."""
    before = house.children()
    os.kill(before["sentinel"], signal.SIGKILL)
    house.until("stderr", "sentinel had ended and was started again")
    after = command.until(lambda: (found := house.children()).keys() == FOUR and found, "all four by their names")
    assert {name for name in FOUR if after[name] != before[name]} == {"sentinel"}
    url = house.until("stdout", r"^https://")
    tls = ssl.create_default_context(cafile=str(next((folder / "vär").glob("*/tls/authority/authority.pem"))))
    command.until(lambda: httpx.get(f"{url}/readyz", verify=tls, trust_env=False).is_success, "sentinel to serve")


def test_a_mailbox_is_sorted_by_one_at_a_time(house: Any, command: Any, folder: Path) -> None:
    """A second `up` on the same mailbox is refused in words while the first one runs."""
    assert house.process.poll() is None
    second = command.ran("up", "--mailbox", MAILBOX, "--var", "vär", "--port", "0", cwd=folder)
    assert second.returncode == 2
    assert second.stderr.startswith("mail-organiser: This mailbox is being sorted already.\n")
    assert second.stdout == ""


def test_a_taken_port_is_refused(house: Any, command: Any, folder: Path) -> None:
    """A port that was asked for is not silently another one."""
    port = house.until("stdout", r"^https://").rpartition(":")[2]
    second = command.ran("up", "--port", port, cwd=folder)
    assert second.returncode == 2
    assert second.stderr.splitlines() == [
        f"mail-organiser: Port {port} is taken.",
        "  Another program listens there.",
        "  End that program, or choose with --port (0 for any free one).",
    ]


def test_ctrl_c_leaves_no_process_behind(house: Any, command: Any) -> None:
    """SIGINT to the whole foreground group, as a terminal sends it: exit code 0, and every process is gone."""
    pids = [*house.children().values(), house.process.pid]
    assert all(command.alive(pid) for pid in pids)
    os.killpg(house.process.pid, signal.SIGINT)
    assert house.ended() == 0
    assert not any(command.alive(pid) for pid in pids)
    assert "Traceback" not in "\n".join(house.lines["stderr"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_while_starting_leaves_no_process_behind(command: Any, tmp_path: Path, number: signal.Signals) -> None:
    """As soon as all four exist and none is ready: exit code 1, a sentence, no process and no file."""
    with command.started("up", "--check", "--port", "0", cwd=tmp_path, TMPDIR=str(tmp_path)) as running:
        pids = command.until(lambda: len(found := running.children()) == len(FOUR) and found, "four processes")
        running.process.send_signal(number)
        assert running.ended() == 1
        assert not any(command.alive(pid) for pid in pids.values())
    assert running.lines["stdout"] == []
    assert "stopped before the end. Nothing has moved" in running.lines["stderr"][-1]
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_refuses_to_start_is_shown(command: Any, tmp_path: Path) -> None:
    """Which one, and its own words; it isn't tried again, and the others don't stay."""
    secret = tmp_path / "var" / "sample" / "secrets" / "signing-key.pem"
    secret.parent.mkdir(parents=True)
    key = Ed25519PrivateKey.generate()
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    secret.chmod(0o644)
    refused = command.ran("up", "--port", "0", cwd=tmp_path)
    assert refused.returncode == 1
    assert "mail-organiser: sentinel can't run: it ended with code 78." in refused.stderr
    assert "signing" in refused.stderr.splitlines()[-1]
    assert "started again" not in refused.stderr


def test_a_damaged_key_is_told(command: Any, tmp_path: Path) -> None:
    """What, why and what to do, instead of a traceback."""
    secret = tmp_path / "var" / "sample" / "secrets" / "signing-key.pem"
    secret.parent.mkdir(parents=True)
    secret.write_text("coffee was spilled over this\n")
    refused = command.ran("up", "--port", "0", cwd=tmp_path)
    assert refused.returncode == 2
    assert "signing-key.pem can't be used." in refused.stderr
    assert "Remove it" in refused.stderr.splitlines()[-1]


@pytest.mark.parametrize("content", [None, b"", b"!BDN an Outlook file", b"\x89PNG\r\n"])
def test_what_is_no_mailbox_is_refused_before_anything_starts(
    command: Any, tmp_path: Path, content: bytes | None
) -> None:
    """A wrong path, an empty file, a foreign format: three lines and exit code 2, and no folder is made."""
    path = tmp_path / "mails.mbox"
    if content is not None:
        path.write_bytes(content)
    refused = command.ran("up", "--mailbox", "mails.mbox", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("mail-organiser: mails.mbox can't be read.\n  ")
    assert len(refused.stderr.splitlines()) == 3
    assert not (tmp_path / "var").exists()
