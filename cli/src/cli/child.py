"""A process of ours: started, watched, started again when it dies, and told to end in good order.

Guarantees: it is in a process group of its own, so that Ctrl-C in the terminal reaches only us and we end it in order;
no signal comes between its start and our knowing of it.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli import interrupt

REFUSED = frozenset({2, 78})  # usage, EX_CONFIG: it must not start as it is configured; trying again is no use
STOP_SECONDS = 30.0  # for draining; then it is ended
LOOK_SECONDS = 0.02  # between two looks at a process that is to end
MAX_RESTARTS = 5  # in a row; a process that lived for LONG_LIFE starts counting anew
LONG_LIFE = 60.0  # seconds
LAST_LINES = 5  # of a log, to show why a process gave up


class ChildFailed(Exception):
    """A process ended and is not started again; says which, and shows the end of its log."""


@dataclass
class Child:
    """One process. command is run as it is; output goes to log; it inherits the descriptors in keeps."""

    name: str
    command: Sequence[str]
    log: Path
    keeps: tuple[int, ...] = ()
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)
    _started: float = field(default=0.0, init=False)
    _restarts: int = field(default=0, init=False)
    _log_start: int = field(default=0, init=False)

    def start(self) -> None:
        """Starts the process; it inherits no input, and its output is kept in the log."""
        with self.log.open("ab") as log, interrupt.held():
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603  # our own programs, by absolute path
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                pass_fds=self.keeps,
            )
            self._started = time.monotonic()

    @property
    def pid(self) -> int:
        """The process's id; 0 before it was started."""
        return self._process.pid if self._process else 0

    def watch(self) -> bool:
        """Starts it again if it has died; whether it had. ChildFailed when that is no use."""
        if self._process is None or self._process.poll() is None:
            return False
        lived = time.monotonic() - self._started
        self._restarts = 0 if lived > LONG_LIFE else self._restarts + 1
        if self._process.returncode in REFUSED or self._restarts > MAX_RESTARTS:
            raise ChildFailed(self._last_words(self._process.returncode))
        self.start()
        return True

    def stop(self) -> None:
        """Asks it to end and waits; ends it if it doesn't, or if we are told to hurry."""
        self.ask_to_end()
        if self._process is None:
            return
        end = time.monotonic() + STOP_SECONDS
        while self._process.poll() is None and time.monotonic() < end and not interrupt.hurried():
            time.sleep(LOOK_SECONDS)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def ask_to_end(self) -> None:
        """Says so, and doesn't wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _last_words(self, code: int) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode("utf-8", "replace").splitlines()
        said = "\n".join(f"  {line}" for line in lines[-LAST_LINES:]) or "  (nothing)"
        return f"{self.name} can't run: it ended with code {code}. Its last words, from {self.log}:\n{said}"


def stop_all(children: Sequence[Child]) -> None:
    """Ends the first one first, with the others still there to finish its work; then the others, all at once."""
    for child in children[:1]:
        child.stop()
    for child in children:
        child.ask_to_end()
    for child in children:
        child.stop()


def program(name: str) -> str:
    """The absolute path of a console script that is installed beside this interpreter."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise ChildFailed(f"{name} is not installed beside this Python; run make setup")
    return found
