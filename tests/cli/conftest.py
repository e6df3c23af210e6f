"""The real command, run as people run it: as a process, with a terminal or without."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = str(Path(sys.executable).with_name("mail-organiser"))
PATIENCE = 120.0  # seconds for anything that must happen on a busy machine

Result = subprocess.CompletedProcess[str]


class Running:
    """A command under way. Its two streams are read as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._changed = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self.lines]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        for line in getattr(self.process, name):
            with self._changed:
                self.lines[name].append(line.rstrip("\n"))
                self._changed.notify_all()

    def until(self, name: str, pattern: str) -> str:
        """The first line of a stream that matches, once there is one."""

        def found() -> str | None:
            return next((line for line in self.lines[name] if re.search(pattern, line)), None)

        with self._changed:
            assert self._changed.wait_for(found, PATIENCE), f"{pattern} never came: {self.lines}"
        return found() or ""

    def children(self) -> dict[str, int]:
        """The processes that it started, by name."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        named = {int(pid): _name(Path(f"/proc/{pid}/cmdline").read_text()) for pid in task.read_text().split()}
        return {name: pid for pid, name in named.items() if name}

    def ended(self) -> int:
        """Its exit code, once everything that it wrote is read."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code


def _name(command: str) -> str | None:
    """Which of our processes a command line is; None while it is still a copy of ours."""
    programs = {"mail-organiser-gateway": "gateway", "mail-organiser-sandbox": "sandbox"}
    named = {"sentinel": "sentinel", "classifier": "classifier"} | programs
    return next((named[Path(part).name] for part in command.split("\0") if Path(part).name in named), None)


class Command:
    """The ways to run it, and to look at what it left."""

    @staticmethod
    def until(condition: Callable[[], Any], what: str) -> Any:
        """What condition answers, once it is true."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < end, f"waited for {what}"
            time.sleep(0.02)
        return found

    @staticmethod
    def alive(pid: int) -> bool:
        """Whether a process runs."""
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    @staticmethod
    @contextmanager
    def started(*arguments: str, cwd: Path, **environment: str) -> Iterator[Running]:
        """The command in a session of its own, as a terminal starts it; killed if a test forgets it."""
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with process:
            running = Running(process)
            try:
                yield running
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
                running.ended()

    @staticmethod
    def ran(*arguments: str, cwd: Path | None = None, **environment: str) -> Result:
        """The command, run to its end."""
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=cwd,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @staticmethod
    def rows(lines: str) -> list[dict[str, Any]]:
        """JSON lines."""
        return [json.loads(line) for line in lines.splitlines()]


@pytest.fixture(scope="session")
def command() -> type[Command]:
    """For tests to run it with."""
    return Command


@pytest.fixture(scope="session")
def sample_mbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as a Takeout-like mbox."""
    path = tmp_path_factory.mktemp("sample") / "sample.mbox"
    exported = subprocess.run(
        [sys.executable, "-m", "sandbox.sample"], capture_output=True, check=True, timeout=PATIENCE
    )
    path.write_bytes(exported.stdout)
    return path
