"""Logs go where docs/reference/logs.md says and nowhere else: seen in the code, and in what services hold open."""

import ast
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SERVICES = ("chassis", "gateway", "sentinel", "classifier")
HANDLERS = {
    *("FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler", "SysLogHandler"),
    *("SocketHandler", "DatagramHandler", "SMTPHandler", "HTTPHandler", "QueueHandler", "basicConfig", "syslog"),
    *("fileConfig", "dictConfig", "PrintLoggerFactory", "WriteLoggerFactory", "LoggerProvider"),
}
# What each process may have open for writing besides its log: the gateway alone has state.
STATE = {
    "gateway": {"gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"},
    "sentinel": set(),
    "classifier": set(),
}


def test_no_service_names_another_way_out_for_log_lines() -> None:
    """No handler that writes into a file, a socket or the system's log, and none that a configuration could name."""
    found = set()
    for service in SERVICES:
        for path in (ROOT / service / "src").rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {
                node.attr if isinstance(node, ast.Attribute) else node.id for node in ast.walk(tree) if named(node)
            }
            names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
            found |= {(str(path.relative_to(ROOT)), name) for name in names & HANDLERS}
    assert found == set()


def named(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Name)


def written(pid: int) -> dict[int, Path]:
    """Regular files that a process may write, by descriptor."""
    found = {}
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target, info = descriptor.readlink(), Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text()
        except FileNotFoundError:
            continue  # closed since it was listed
        flags = int(next(line for line in info.splitlines() if line.startswith("flags:")).split()[1], 8)
        if flags & os.O_ACCMODE != os.O_RDONLY and target.is_absolute() and "(deleted)" not in target.name:
            found[int(descriptor.name)] = target
    return {number: path for number, path in found.items() if path.is_file()}


def test_a_running_service_writes_its_stderr_and_its_state_alone(sample_house: Any) -> None:
    """Stdout and stderr are the log that `up` gave it; besides, the gateway has its database open, others nothing."""
    sample_house.scan()
    for name, state in STATE.items():
        files = written(sample_house.children[name].pid)
        log = sample_house.place.path("logs", f"{name}.log")
        assert {number for number, path in files.items() if path == log} == {1, 2}
        assert {path.name for path in files.values() if path != log} <= state


def test_log_files_are_those_of_the_services(sample_house: Any) -> None:
    """In everything that the house wrote there is no other file that grows by lines."""
    root = sample_house.place.root
    logs = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and ".log" in path.name}
    assert logs == {f"logs/{name}.log" for name in sample_house.children}
