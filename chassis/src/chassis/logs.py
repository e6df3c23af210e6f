"""Log lines as JSON on stderr, in which mail text has no place, even by mistake.

Guarantees: only declared keys, each with a closed kind of value, are written; everything else becomes "[refused]" and
is counted on the line. Other libraries' records are cut down to logger, level and exception type. One event is one line
of ASCII.
Must never: write a message, an argument, an exception's text or a traceback's source.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog
from opentelemetry import trace

from chassis.vocabulary import REFUSED, Kind, admit

# What every service may log. A service declares its further keys once, in configure().
KEYS: Mapping[str, Kind] = {
    "at": Kind.POSITION,
    "attempt": Kind.NUMBER,
    "bytes": Kind.NUMBER,
    "caller": Kind.NAME,
    "code": Kind.TOKEN,
    "count": Kind.NUMBER,
    "error_type": Kind.TYPE,
    "event": Kind.EVENT,
    "http_status": Kind.NUMBER,
    "job_id": Kind.ID,
    "kind": Kind.TOKEN,
    "level": Kind.TOKEN,
    "logger": Kind.LOGGER,
    "mailbox_id": Kind.ID,
    "method": Kind.METHOD,
    "not_after": Kind.TIME,
    "outcome": Kind.TOKEN,
    "port": Kind.NUMBER,
    "reason": Kind.TOKEN,
    "retry_after": Kind.NUMBER,
    "route": Kind.ROUTE,
    "run_id": Kind.ID,
    "seconds": Kind.NUMBER,
    "service": Kind.NAME,
    "span_id": Kind.HEX,
    "state": Kind.TOKEN,
    "step": Kind.TOKEN,
    "time": Kind.TIME,
    "trace_id": Kind.HEX,
    "untold": Kind.NUMBER,
    "user_id": Kind.ID,
    "version": Kind.VERSION,
}
MAX_KEYS = 32  # keys of one line; more is a dictionary that somebody unpacked
# Loggers that bring handlers of their own, unless they find one: they find ours.
_OWN_HANDLERS = ("dbos", "uvicorn", "uvicorn.access", "uvicorn.error", "grpc", "asyncio", "py.warnings")
_QUIET = ("uvicorn.access", "httpx", "httpcore")  # a record for every request: the metrics count them
_LEVEL = logging.INFO

_declared: dict[str, Kind] = dict(KEYS)  # logging is one for a process, as stderr is
_service: dict[str, str] = {}


def configure(service: str, keys: Mapping[str, Kind] | None = None) -> None:
    """Names the service on every line, declares its further keys, and takes over the logging of everyone else.

    Also the last resort: exceptions that end a thread or the process become one line without text.
    """
    _declared.update({name: kind for name, kind in (keys or {}).items() if name not in KEYS})
    _service["service"] = service
    logging.root.handlers = [_Foreign()]
    logging.root.setLevel(logging.WARNING)
    for name in {*_OWN_HANDLERS, *logging.root.manager.loggerDict}:
        _take_over(logging.getLogger(name))
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    _take_over_hooks()


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger; safe before configure() and without it. Use: log.info("scan.finished", run_id=..., count=...)."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        _Stderr(),
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVEL),
        context_class=dict,
    ).bind(logger=name)
    return logger


def closed(event: Mapping[Any, object], keys: Mapping[str, Kind]) -> dict[str, object]:
    """The event with what may be written, and refused=n where n values may not. Pure."""
    line: dict[str, object] = {}
    refused = max(0, len(event) - MAX_KEYS)
    for name, value in list(event.items())[:MAX_KEYS]:
        written = admit(keys[name], value) if name in keys else REFUSED
        refused += written == REFUSED
        line |= {name: written} if admit(Kind.TOKEN, name) != REFUSED else {}
    return line | ({"refused": refused} if refused else {})


class _Stderr:
    """Where lines go. One write a line, so that threads don't mix; a full disk doesn't stop the service."""

    def msg(self, line: str) -> None:
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = log = msg


def _render(_logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    head: dict[str, object] = {"time": datetime.now(UTC), "level": method, **_service}
    return json.dumps(closed({**head, **_trace_ids(), **_without_traceback(event)}, _declared)) + "\n"


def _trace_ids() -> dict[str, object]:
    context = trace.get_current_span().get_span_context()
    return {"trace_id": f"{context.trace_id:032x}"} if context.is_valid else {}


def _without_traceback(event: MutableMapping[str, Any]) -> dict[str, object]:
    """exc_info becomes the exception's type and the line of code that raised it."""
    kept = {name: value for name, value in event.items() if name not in {"exc_info", "stack_info"}}
    error = _exception(event.get("exc_info"))
    return kept if error is None else {**kept, "error_type": type(error), "at": error.__traceback__}


def _exception(given: object) -> BaseException | None:
    if isinstance(given, tuple):
        given = given[1] if len(given) > 1 else None
    return given if isinstance(given, BaseException) else sys.exc_info()[1] if given is True else None


class _Foreign(logging.Handler):
    """Everyone else's records: who, how bad, which exception. Their words stay behind."""

    def emit(self, record: logging.LogRecord) -> None:
        event = {"event": "library.message", "logger": record.name, "exc_info": record.exc_info}
        level = logging.getLevelName(record.levelno).lower()
        _Stderr().msg(_render(None, level, event))


def _take_over(logger: logging.Logger) -> None:
    if logger.name in _OWN_HANDLERS:
        logger.handlers, logger.propagate = [_Foreign()], False
    else:
        logger.handlers, logger.propagate = [], True


def _take_over_hooks() -> None:
    log = get("process")

    def crashed(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.critical("process.crashed", exc_info=error)

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        log.critical("thread.crashed", exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        log.error("exception.unraisable", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = crashed, thread_crashed, unraisable
