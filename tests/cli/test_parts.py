"""The parts of the command that need no house: places, ports, settings, children, signals."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import interrupt
from cli.child import MAX_RESTARTS, Child, ChildFailed, stop_all
from cli.house import HOST, Ports, is_free
from cli.mail import names, read, text_of
from cli.place import Place, toml
from cli.unusable import Unusable

PATIENCE = 30.0


def child(tmp_path: Path, code: str, name: str = "one") -> Child:
    """A process that runs this Python."""
    return Child(name, [sys.executable, "-c", code], tmp_path / f"{name}.log")


def until_said(one: Child, text: str) -> None:
    end = time.monotonic() + PATIENCE
    while not (one.log.exists() and text in one.log.read_text()):
        assert time.monotonic() < end, f"{one.name} did not say {text}"
        time.sleep(0.01)


def until_dead(pid: int) -> None:
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.01)


def test_four_ports_differ_and_a_taken_one_is_seen() -> None:
    """Two services never get one port, and a port that somebody has is not free."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = Ports.choose(port)
        assert len({port, chosen.gateway, chosen.sandbox, chosen.sentinel, chosen.classifier}) == 5
        assert not is_free(port)
    assert is_free(port)
    assert is_free(0)
    assert Ports.choose(port).gateway == port


def test_a_place_has_one_user_at_a_time(tmp_path: Path) -> None:
    """A second one is refused in words; when the first lets go, it may."""
    place = Place.make(tmp_path / "house")
    lock = place.lock()
    with pytest.raises(Unusable, match="being sorted already") as refusal:
        place.lock()
    assert "--var" in refusal.value.what_to_do
    os.close(lock)
    os.close(place.lock())


def test_a_process_left_behind_keeps_its_place(tmp_path: Path) -> None:
    """As long as one of its processes lives, nobody else works on the same database."""
    place = Place.make(tmp_path / "house")
    lock = place.lock()
    one = Child("one", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "one.log", (lock,))
    one.start()
    os.close(lock)
    with pytest.raises(Unusable):
        place.lock()
    one.stop()
    os.close(place.lock())


def test_nothing_of_a_place_is_open_to_others(tmp_path: Path) -> None:
    """Folders 0700, secrets 0600."""
    place = Place.make(tmp_path / "house")
    assert place.secret("token").stat().st_mode & 0o777 == 0o600
    assert (place.root / "secrets").stat().st_mode & 0o777 == 0o700
    assert place.secret("token").read_text() == place.secret("token").read_text()


VALUES = st.text() | st.integers() | st.booleans()


def test_the_list_in_a_file_is_the_one_that_graph_would_say(tmp_path: Path) -> None:
    """Scan and evaluate see of a List-Id header what a scan of a mailbox sees: the bare id."""
    mbox = tmp_path / "mail.mbox"
    head = "From ann@shop.test Thu Jan 01 00:00:00 2026\nFrom: Ann <ann@shop.test>\nSubject: Issue 12\n"
    mbox.write_text(f"{head}List-Id: The Letters <Letters.Shop.test>\n\nbody\n\n{head}List-Id: move this\n\nbody\n")
    mail = read(mbox, None, None, lambda _: None)
    assert {text_of(message).list_id for message in mail.inbox} == {"letters.shop.test", None}


@given(st.dictionaries(st.sampled_from(["a", "b"]), VALUES))
def test_settings_come_back_as_they_were(values: dict[str, object]) -> None:
    """Paths with blanks, quotes, umlauts and emoji, as TOML reads them."""
    assert tomllib.loads(toml({**values, "inner": values})) == {**values, "inner": values}


def test_a_dead_process_is_started_again(tmp_path: Path) -> None:
    """Under a new id; but not for ever when it dies at once."""
    one = child(tmp_path, "import time; print('up', flush=True); time.sleep(600)")
    one.start()
    until_said(one, "up")
    before = one.pid
    assert not one.watch()
    os.kill(before, signal.SIGKILL)
    until_dead(before)
    assert one.watch()
    assert one.pid != before
    one.stop()


def test_a_process_that_keeps_dying_is_given_up(tmp_path: Path) -> None:
    """After so many tries its last words are shown: of its last try only."""
    one = child(tmp_path, "import sys; sys.exit('the cellar is flooded')")
    one.start()
    for _ in range(MAX_RESTARTS):
        until_dead(one.pid)
        assert one.watch()
    until_dead(one.pid)
    with pytest.raises(ChildFailed, match="one can't run: it ended with code 1") as failure:
        one.watch()
    assert str(failure.value).count("the cellar is flooded") == 1


@pytest.mark.parametrize("code", [2, 78])
def test_a_refusal_is_final(tmp_path: Path, code: int) -> None:
    """A process that says that it must not start as it is configured is not tried again."""
    one = child(tmp_path, f"import sys; print('no key', file=sys.stderr); sys.exit({code})")
    one.start()
    until_dead(one.pid)
    with pytest.raises(ChildFailed, match="no key"):
        one.watch()


def test_ctrl_c_in_the_terminal_does_not_reach_the_processes(tmp_path: Path) -> None:
    """They are in groups of their own: it is we who end them, and in order."""
    one = child(tmp_path, "import time; print('up', flush=True); time.sleep(600)")
    one.start()
    assert os.getpgid(one.pid) == one.pid != os.getpgid(0)
    one.stop()


def test_the_first_process_ends_while_the_others_are_there(tmp_path: Path) -> None:
    """So that it can finish what it began; then the others end together."""
    sleeping = "import time; print('up', flush=True); time.sleep(600)"
    others = [child(tmp_path, sleeping, f"other{number}") for number in range(2)]
    for one in others:
        one.start()
    code = (
        "import pathlib, signal, sys, time\n"
        f"stats = [pathlib.Path(f'/proc/{{pid}}/stat') for pid in {[one.pid for one in others]}]\n"
        "def end(*_):\n"
        "    time.sleep(0.5)\n"
        "    print([stat.read_text().rpartition(')')[2].split()[0] != 'Z' for stat in stats], flush=True)\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    first = child(tmp_path, code, "first")
    first.start()
    until_said(first, "up")
    stop_all([first, *others])
    assert "[True, True]" in first.log.read_text()
    assert not any(Path(f"/proc/{one.pid}").exists() for one in [first, *others])


class Sly(list[str]):
    """A command that is interrupted while it is being started."""

    def __iter__(self) -> Iterator[str]:
        os.kill(os.getpid(), signal.SIGINT)
        return super().__iter__()


def test_a_signal_while_a_process_starts_loses_no_process(tmp_path: Path) -> None:
    """It is raised when the process exists and is known, so that it can be ended."""
    one = Child("one", Sly([sys.executable, "-c", "import time; time.sleep(600)"]), tmp_path / "one.log")
    with interrupt.in_good_order(), pytest.raises(KeyboardInterrupt):
        one.start()
    assert one.pid
    one.stop()
    assert not Path(f"/proc/{one.pid}").exists()


def test_a_second_signal_ends_what_will_not_end(tmp_path: Path) -> None:
    """Ctrl-C while waiting for a process kills it: no third one is needed."""
    one = child(
        tmp_path, "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    one.start()
    until_said(one, "up")
    with interrupt.in_good_order():
        interrupt.no_more()
        before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        one.stop()
        signal.signal(signal.SIGALRM, before)
    assert not Path(f"/proc/{one.pid}").exists()


@pytest.mark.parametrize("number", interrupt.SIGNALS)
def test_only_the_first_signal_interrupts(number: signal.Signals) -> None:
    """What follows finds the work being ended, and may only hurry it; the next work starts anew."""
    for _ in range(2):
        with interrupt.in_good_order():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
            assert not interrupt.hurried()
            signal.raise_signal(number)
            assert interrupt.hurried()


def test_nothing_interrupts_what_is_being_ended() -> None:
    """Work that came to its end by itself ends its processes undisturbed."""
    with interrupt.in_good_order():
        interrupt.no_more()
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.hurried()
    assert not interrupt.hurried()


@pytest.mark.parametrize("number", interrupt.SIGNALS)
def test_each_signal_interrupts_but_never_in_between(number: signal.Signals) -> None:
    """While one is held back, work goes on to the end of the block; then it is raised."""
    reached = []

    def work() -> None:
        with interrupt.held():
            os.kill(os.getpid(), number)
            time.sleep(0)  # a moment for it to arrive
            reached.append("end of the block")
        reached.append("past it")

    with interrupt.in_good_order(), pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["end of the block"]
    with interrupt.in_good_order(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", interrupt.SIGNALS)
def test_a_signal_cancels_asynchronous_work(number: signal.Signals) -> None:
    """The work ends through its own finally, the loop is closed, and only then the signal is raised."""
    ended = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append("in order")

    with interrupt.in_good_order(), pytest.raises(KeyboardInterrupt):
        interrupt.run(work())
    assert ended == ["in order"]


def test_folder_names_are_read_one_a_line(tmp_path: Path) -> None:
    """Without blanks, repeats and empty lines; a file that is no text is refused."""
    path = tmp_path / "names.txt"
    path.write_text("\ufeffChoir\n\n  Küche \nChoir\n", encoding="utf-8")
    assert names(path) == ["Choir", "Küche"]
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unusable, match="UTF-8"):
        names(path)
    with pytest.raises(Unusable, match="No such file"):
        names(tmp_path / "absent.txt")


def test_a_mailbox_with_too_many_folders_keeps_the_fullest(tmp_path: Path) -> None:
    """A choice names 200 folders at most; what lies in others is counted as passed over, never silently."""
    rows = [f"f{n:03}" for n in range(210)] + [f"f{n:03}" for n in range(200, 210)]
    mail = {"date": "2026-01-01T00:00:00Z", "from_address": "a@b.test", "subject": "s"}
    path = tmp_path / "stream.jsonl"
    path.write_text("".join(json.dumps({**mail, "folder": folder}) + "\n" for folder in rows))
    named = tmp_path / "names.txt"
    named.write_text("Asked for\n")
    found = read(path, named, None, lambda _: None)
    assert len(found.folders) == 200
    assert {"Asked for", *(f"f{n:03}" for n in range(200, 210))} <= found.folders.keys()
    assert "220 read" in found.summary
    assert "11 in folders past the 200 fullest" in found.summary
