"""Log lines in which no mail text can be."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import logs
from chassis.vocabulary import REFUSED, Kind, admit

SUBJECTS = [
    "Re: Invoice 4711 for Zebediah",
    "zebediah@example.com",
    "two\nlines",
    "return\rfeed",
    "\x1b[31mred",
    "\u202egnirts",
    "caf\u00e9",
    "\ud800",
    "x" * 5000,
    '{"event": "forged.line"}',
]


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_what_may_be_logged_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """The control: ids, codes, numbers, times."""
    logs.get("test").info("scan.finished", run_id="run_3kTMd9", outcome="clean", count=3, seconds=0.5)
    (line,) = _lines(capsys)
    assert {"run_id": "run_3kTMd9", "outcome": "clean", "count": 3, "seconds": 0.5}.items() <= line.items()
    assert (line["event"], line["logger"], line["level"]) == ("scan.finished", "test", "info")
    assert datetime.fromisoformat(line["time"]).tzinfo == UTC
    assert "refused" not in line


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize(
    "key", ["outcome", "run_id", "method", "count", "caller", "error_type", "trace_id", "route", "at"]
)
def test_no_allowed_key_carries_a_subject(key: str, subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Under any declared key, text is replaced and counted."""
    logs.get("test").info("scan.finished", **{key: subject})
    (line,) = _lines(capsys)
    assert (line[key], line["refused"]) == (REFUSED, 1)


@pytest.mark.parametrize("key", ["subject", "sender", "message", "body", "password"])
def test_an_undeclared_key_carries_nothing(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even a value that would do elsewhere."""
    logs.get("test").info("scan.finished", **{key: "clean"})
    (line,) = _lines(capsys)
    assert (line[key], line["refused"]) == (REFUSED, 1)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_neither_an_event_nor_a_key_carries_a_subject(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    """f-strings in an event and unpacked dictionaries are the usual mistakes."""
    logs.get("test").info(subject, **{subject: 1})
    written = capsys.readouterr().err
    line = json.loads(written)
    assert (line["event"], line["refused"]) == (REFUSED, 2)
    assert set(line) == {"event", "refused", "time", "level", "logger"}


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"a", object(), float("nan"), float("inf"), 2**70, {1, 2}, 1j])
def test_only_plain_values_are_written(value: object, capsys: pytest.CaptureFixture[str]) -> None:
    """Containers, bytes and objects have insides; NaN is no JSON."""
    logs.get("test").info("scan.finished", count=value, outcome=value)
    (line,) = _lines(capsys)
    assert (line["count"], line["outcome"], line["refused"]) == (REFUSED, REFUSED, 2)


def test_a_flood_of_keys_is_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A dictionary that somebody unpacked can't blow a line up."""
    logs.get("test").info("scan.finished", **{f"k{number}": 1 for number in range(1000)})
    (line,) = _lines(capsys)
    assert line["refused"] > 900
    assert len(line) <= logs.MAX_KEYS + 1


def test_an_exception_is_its_type_and_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Never its text, its notes, its cause or its source line."""
    try:
        try:
            int("Re: Invoice for Zebediah")
        except ValueError as cause:
            cause.add_note("Zebediah")
            raise RuntimeError("Re: Zebediah") from cause
    except RuntimeError:
        logs.get("test").exception("scan.failed")
    written = capsys.readouterr().err
    line = json.loads(written)
    assert line["error_type"] == "RuntimeError"
    assert line["at"].split(":")[0] == __name__
    assert "Zebediah" not in written
    assert "Traceback" not in written


@given(st.text())
def test_one_call_is_one_line_of_ascii(text: str) -> None:
    """Whatever the text, a line can't be forged, split or coloured."""
    event = {"event": text, "outcome": text, text: text}
    written = logs._render(None, "info", event)
    assert written.isascii()
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert all(32 <= ord(letter) < 127 for letter in written[:-1])


@given(st.text(), st.sampled_from(Kind))
def test_what_is_admitted_is_a_short_word_without_spaces(text: str, kind: Kind) -> None:
    """No kind lets a space but SPAN's one, an @, a control or a non-ASCII letter through."""
    admitted = admit(kind, text)
    if admitted != REFUSED:
        assert admitted == text
        assert text.isascii()
        assert text.isprintable()
        assert "@" not in text
        assert text.count(" ") <= (kind is Kind.SPAN)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TIME])
def test_a_line_end_never_slips_behind_a_match(kind: Kind) -> None:
    r"""Python's $ matches before a final \n: none of the patterns may."""
    samples = ["a.b", "run_a", "clean", "OK", "/a.B/c", "/api", "GET /api", "host", "logger", "ff", "1.0"]
    assert all(admit(kind, f"{sample}\n") == REFUSED for sample in samples)


_OTHERS = """
import logging, sys, threading, warnings, asyncio
own = logging.getLogger("uvicorn.access")
own.addHandler(logging.StreamHandler())
own.propagate = False
import chassis.logs
chassis.logs.configure("sentinel", {"shard": chassis.logs.Kind.NUMBER})
for name in ("grpc", "uvicorn.error", "dbos", "httpx", "msal", "sqlalchemy.engine", "uvicorn.access", "made.up"):
    logging.getLogger(name).error("Zebediah %s", "Zebediah", extra={"subject": "Zebediah"})
logging.getLogger("httpx").info("GET https://graph/Zebediah")
logging.getLogger("Zebediah says hello").error("x")
try:
    raise KeyError("Zebediah")
except KeyError:
    logging.getLogger("msal").exception("Zebediah")
warnings.warn("Zebediah")
chassis.logs.get("own").info("scan.finished", shard=3, outcome="clean")
def thread():
    raise ValueError("Zebediah")
started = threading.Thread(target=thread); started.start(); started.join()
class Unraisable:
    def __del__(self): raise ValueError("Zebediah")
Unraisable()
async def forgotten():
    task = asyncio.ensure_future(asyncio.sleep(0)); del task
    asyncio.get_running_loop().call_exception_handler({"message": "Zebediah", "exception": ValueError("Zebediah")})
asyncio.run(forgotten())
raise RuntimeError("Zebediah")
"""


def test_other_libraries_words_stay_behind() -> None:
    """Logger, level and exception type are kept, at every last resort too: warnings, threads, asyncio, the crash."""
    command = [sys.executable, "-c", _OTHERS]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert b"Zebediah" not in done.stderr + done.stdout
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["service"] for line in lines} == {"sentinel"}
    loggers = [line["logger"] for line in lines if line["event"] == "library.message"]
    assert loggers == [
        *("grpc", "uvicorn.error", "dbos", "httpx", "msal", "sqlalchemy.engine", "uvicorn.access", "made.up"),
        *(REFUSED, "msal", "py.warnings", "asyncio"),
    ]
    events = {line["event"]: line.get("error_type") for line in lines}
    assert events["thread.crashed"] == events["exception.unraisable"] == "ValueError"
    assert events["process.crashed"] == "RuntimeError"
    (own,) = [line for line in lines if line["event"] == "scan.finished"]
    assert (own["shard"], own["outcome"]) == (3, "clean")


def test_a_service_can_not_loosen_a_key() -> None:
    """Declaring an own key adds to the list; the kinds that are there stay."""
    code = 'import chassis.logs as l; l.configure("s", {"caller": l.Kind.LOGGER}); l.get("x").info("a.b", caller="Zeb")'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=True)
    assert json.loads(done.stderr)["caller"] == REFUSED
