"""A process of ours: started, watched, started again when it dies, and told to end in good order."""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

REFUSED = 78  # EX_CONFIG: the process must not start as it is configured; trying again is no use
STOP_SECONDS = 30.0  # for draining; then it is ended
MAX_RESTARTS = 5  # in a row; a process that lived for LONG_LIFE starts counting anew
LONG_LIFE = 60.0  # seconds
LAST_LINES = 5  # of a log, to show why a process gave up


class ChildFailed(Exception):
    """A process ended and is not started again; says which, and shows the end of its log."""


@dataclass
class Child:
    """One process. module is run with this interpreter; output goes to log."""

    name: str
    command: Sequence[str]
    log: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)
    _started: float = field(default=0.0, init=False)
    _restarts: int = field(default=0, init=False)

    def start(self) -> None:
        """Starts the process; it inherits no input, and its output is kept in the log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own programs, by absolute path
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
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
        if self._process.returncode == REFUSED or self._restarts > MAX_RESTARTS:
            raise ChildFailed(f"{self.name} ended with code {self._process.returncode}:\n{self._end_of_log()}")
        self.start()
        return True

    def stop(self) -> None:
        """Asks it to end and waits; ends it if it doesn't."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _end_of_log(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])


def program(name: str) -> str:
    """The absolute path of a console script that is installed beside this interpreter."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise ChildFailed(f"{name} is not installed beside this Python; run make setup")
    return found
