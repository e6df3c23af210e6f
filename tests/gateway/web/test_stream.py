"""Server-sent events as the page reads them: a real server, a real line, cut in bad places."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Run = Callable[..., Any]
Answer = tuple[int, list[bytes]]

IMPORTS = "import { watch } from './app/stream.js';"
WATCH = """const [seen, lines] = [[], []];
    const ending = new AbortController();
    const done = (one) => { seen.push(one); return one.last === true; };
    const away = (cut) => lines.push(cut);
    const error = await watch(given, done, ending.signal, away).then(() => null, (one) => one.code);
    return { seen, error, away: lines };"""


@dataclass
class Server:
    """Answers each request with the next of `answers`: a status, and what is written with a pause after each part."""

    answers: list[Answer]
    asked: list[dict[str, str]] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """For http.server."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append({name.lower(): value for name, value in self.headers.items()})
                status, parts = server.answers[len(server.asked) - 1]
                self.send_response(status)
                self.send_header("content-type", "text/event-stream" if status == 200 else "application/problem+json")
                self.end_headers()
                for part in parts:
                    self.wfile.write(part)
                    self.wfile.flush()
                    time.sleep(0.05)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def serve() -> Iterator[Callable[[list[Answer]], tuple[Server, str]]]:
    """A server on a free port of this machine, and its address."""
    running: list[ThreadingHTTPServer] = []

    def started(answers: list[Answer]) -> tuple[Server, str]:
        server = Server(answers)
        running.append(ThreadingHTTPServer(("127.0.0.1", 0), server.handler()))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return server, f"http://127.0.0.1:{running[-1].server_port}/events"

    yield started
    for one in running:
        one.shutdown()
        one.server_close()


def event(number: int, **data: object) -> bytes:
    return f"id: {number}\nevent: progress\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


Serve = Callable[[list[Answer]], tuple[Server, str]]


def test_an_event_is_whole_wherever_the_line_cuts_it(run: Run, serve: Serve) -> None:
    """In the middle of a letter, between the two line breaks, with comments in between; the token goes along."""
    first, last = event(1, name="Müller"), event(2, last=True)
    middle = first.index("ü".encode()) + 1
    server, url = serve([(200, [first[:middle], first[middle:-1], first[-1:], b": ping\n\n", last[:7], last[7:]])])
    told = run(IMPORTS, WATCH, url)
    assert told == {"seen": [{"name": "Müller"}, {"last": True}], "error": None, "away": [False]}
    assert server.asked[0]["authorization"] == "Bearer token"
    assert "last-event-id" not in server.asked[0]


def test_a_line_that_is_cut_is_taken_up_where_it_was(run: Run, serve: Serve) -> None:
    """Half an event is none: it comes again, after the last that was whole."""
    server, url = serve([(200, [event(7, done=1), event(8, done=2)[:20]]), (200, [event(8, last=True)])])
    assert run(IMPORTS, WATCH, url)["seen"] == [{"done": 1}, {"last": True}]
    assert server.asked[1]["last-event-id"] == "7"


def test_a_server_that_is_away_is_waited_for(run: Run, serve: Serve) -> None:
    """Twice away, then there: the page says so meanwhile."""
    server, url = serve([(503, [b"{}"]), (429, [b"{}"]), (200, [event(1, last=True)])])
    told = run(IMPORTS, WATCH, url)
    assert told["away"] == [True, True, False]
    assert len(server.asked) == 3


def test_a_refusal_is_not_asked_again(run: Run, serve: Serve) -> None:
    """What is gone or not one's own stays so."""
    server, url = serve([(404, [json.dumps({"code": "not_found"}).encode()])])
    assert run(IMPORTS, WATCH, url) == {"seen": [], "error": "not_found", "away": []}
    assert len(server.asked) == 1
