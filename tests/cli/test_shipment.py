"""`mail-organiser audit ship`: each event reaches the other system once, however often the shipper is killed."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from chassis import settings
from cli import audit, shipment
from cli.exit_code import ExitCode
from cli.house import House, Ports
from cli.place import Place
from cli.shipment import Shipment
from gateway import deployment
from gateway.audit.event import Event, Kind, Log
from gateway.settings import GatewaySettings
from gateway.store import engine as store

EVENTS = 12_000  # more than a segment
KILLS = 6
Record = Callable[[int], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The settings of a gateway that does not run."""
    place = Place.make(tmp_path / "house")
    House(place, Ports.choose(0), "sample").mailbox()
    return place.path("settings", "gateway.toml")


@pytest.fixture
def record(file: Path) -> Iterator[Record]:
    """Writes so many events of each log."""
    configured = settings.load(GatewaySettings, file)
    keyring, engine = deployment.open_or_create(configured), store.open(configured.database)
    store.migrate(engine)
    trail = deployment.trail(configured, keyring)

    def write(count: int) -> None:
        with engine.begin() as connection:
            for number in range(count):
                trail.record(connection, Event(Kind.RETENTION if number % 4 else Kind.LIMITED, amount=number + 1))

    yield write
    engine.dispose()


def shipped(folder: Path, log: Log) -> list[dict[str, Any]]:
    """What a collector reads, file by file in the order of names."""
    return [json.loads(line) for path in files(folder, log) for line in path.read_bytes().splitlines()]


def files(folder: Path, log: Log) -> list[Path]:
    return sorted(folder.glob(f"{log}-*.jsonl"))


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))


def test_killed_again_and_again_nothing_is_lost_or_doubled(
    command: Any, file: Path, record: Record, tmp_path: Path
) -> None:
    """SIGKILL at a seventh, two sevenths... of all bytes; in the end the files are the export, line by line."""
    record(EVENTS)
    exported = command.ran("audit", "export", "--settings", str(file)).stdout
    folder, whole = tmp_path / "spool", len(exported)
    killed = 0
    for part in range(1, KILLS + 1):
        killed += killed_at(command, file, folder, whole * part // (KILLS + 1))
    assert killed >= KILLS // 2, "it was killed next to never"
    assert command.ran("audit", "ship", "--settings", str(file), "--to", str(folder)).returncode == 0
    found = [line for log in Log for line in shipped(folder, log)]
    assert found == [json.loads(line) for line in exported.splitlines()]
    assert len(list(folder.glob("audit-*.jsonl"))) == EVENTS * 3 // 4 // shipment.SEGMENT + 1


def killed_at(command: Any, file: Path, folder: Path, bytes_written: int) -> bool:
    """Runs it and kills it once so much is there; whether it still ran then."""
    with command.started("audit", "ship", "--settings", str(file), "--to", str(folder), cwd=folder.parent) as running:
        while size(folder) < bytes_written and running.process.poll() is None:
            time.sleep(0.001)
        alive = running.process.poll() is None
        running.process.kill()
        return alive and running.ended() == -signal.SIGKILL


def test_a_line_that_was_cut_is_written_again_whole(file: Path, record: Record, tmp_path: Path) -> None:
    """Whatever a crash of the machine left of the last line; a new file without any line too."""
    record(40)
    folder = tmp_path / "spool"
    assert audit.ship(file, folder, follow=False) is ExitCode.DONE
    (path,), before = files(folder, Log.AUDIT), shipped(folder, Log.AUDIT)
    content = path.read_bytes()
    for left in (len(content) - 1, len(content) - 50, content.rindex(b"\n", 0, -1) + 2, 1, 0):
        path.write_bytes(content[:left])
        assert audit.ship(file, folder, follow=False) is ExitCode.DONE
        assert shipped(folder, Log.AUDIT) == before


def test_followed_new_events_come_and_it_ends_when_told(
    command: Any, file: Path, record: Record, tmp_path: Path
) -> None:
    """Without another start; SIGTERM ends it in good order; a second one on the same folder is refused."""
    record(8)
    folder = tmp_path / "spool"
    arguments = ("audit", "ship", "--settings", str(file), "--to", str(folder))
    with command.started(*arguments, "--follow", cwd=tmp_path) as running:
        command.until(lambda: len(shipped(folder, Log.AUDIT)) == 6, "the first events")
        refused = command.ran(*arguments)
        assert (refused.returncode, "in use" in refused.stderr) == (2, True)
        record(8)
        command.until(lambda: len(shipped(folder, Log.AUDIT)) == 12, "the next events")
        running.process.send_signal(signal.SIGTERM)
        assert running.ended() == 0
    assert [one["seq"] for one in shipped(folder, Log.SECURITY)] == [1, 2, 3, 4]


def test_a_collector_that_took_the_older_files_gets_nothing_twice(tmp_path: Path) -> None:
    """Only the newest file says how far it is."""
    lines = [{"seq": number} for number in range(1, 2 * shipment.SEGMENT + 6)]
    Shipment(tmp_path, Log.AUDIT).append(lines[:-3])
    for path in sorted(tmp_path.glob("*.jsonl"))[:-1]:
        path.unlink()
    again = Shipment(tmp_path, Log.AUDIT)
    assert again.last == 2 * shipment.SEGMENT + 2
    again.append(lines[-3:])
    assert [one["seq"] for one in shipped(tmp_path, Log.AUDIT)] == list(range(2 * shipment.SEGMENT + 1, len(lines) + 1))


def test_what_retention_deleted_first_is_said(
    file: Path, record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gap is no secret."""
    record(8)
    Shipment(made(tmp_path / "spool"), Log.AUDIT).append([{"seq": 1}])
    configured = settings.load(GatewaySettings, file)
    engine: Engine = store.open(configured.database)
    with engine.begin() as connection:
        for (trigger,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql("DELETE FROM audit_event WHERE log = 'audit' AND seq < 4")
    engine.dispose()
    assert audit.ship(file, tmp_path / "spool", follow=False) is ExitCode.DONE
    assert capsys.readouterr().err == "audit: 2 to 3 were deleted before they were shipped.\n"


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
