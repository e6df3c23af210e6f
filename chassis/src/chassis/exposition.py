"""GET /metrics over mutual TLS 1.3, on a port of its own, in threads of its own.

Guarantees: nobody without a certificate of our authorities gets a byte, nobody but the names in callers.METRICS gets
the page; a slow or silent connection ends by its deadline, and no number of them holds more than MAX_CONNECTIONS
threads. It does not depend on the event loop: a process that is stuck can still be looked at.
Must never: answer another path, or name the software.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Any, Final

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from chassis import logs
from chassis.callers import METRICS
from chassis.errors import StartRefused
from chassis.metrics import Metrics
from chassis.server_tls import ServerTls
from chassis.sparing import Sparing
from chassis.tls import TlsFiles

MAX_CONNECTIONS: Final = 8  # at once; two Prometheus servers and a person use three
CONNECTION_SECONDS: Final = 10.0  # from accepting to the end, handshake included: Prometheus gives up after as long
_HSTS: Final = "max-age=63072000; includeSubDomains"
_log = logs.get("chassis.exposition")


@contextmanager
def expose(
    metrics: Metrics, tls: TlsFiles, host: str = "127.0.0.1", port: int = 0, *, seconds: float = CONNECTION_SECONDS
) -> Iterator[int]:
    """Serves while inside; yields the bound port. StartRefused for certificates or addresses that can't be used."""
    metrics.certificate("peer", tls)
    server = _server(partial(_Handler, metrics), ServerTls(tls, peers=True), (host, port), seconds)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(handler: Any, tls: ServerTls, address: tuple[str, int], seconds: float) -> "_Server":
    try:
        return _Server(address, handler, tls, seconds)
    except OSError:
        raise StartRefused("The metrics address cannot be bound. Is it host and port, and is the port free?") from None


class _Server(ThreadingMixIn, HTTPServer):
    """One thread a connection, at most MAX_CONNECTIONS; the handshake is in the thread."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: Any, tls: ServerTls, seconds: float) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._tls = tls
        self._seconds = seconds
        self._refused = Sparing(_log, "metrics.refused")
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """As a plain TCP server: HTTPServer would ask DNS for this machine's name."""
        super(HTTPServer, self).server_bind()
        self.server_name, self.server_port = "", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """In the accepting thread: a new certificate is looked for, a connection beyond the cap is closed."""
        self._tls.renew()
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In the connection's thread."""
        ending = threading.Timer(self._seconds, _hang_up, [request])
        ending.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            ending.cancel()
            self._places.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake, then the one request."""
        duplicate = socket.socket(fileno=socket.dup(request.fileno()))  # the timer keeps the original
        with self._tls.current.wrap_socket(duplicate, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # its address goes nowhere
        """A client that is none, or that went away."""
        self._refused.say()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    close_connection = True

    def __init__(self, metrics: Metrics, *connection: Any) -> None:
        self._metrics = metrics
        super().__init__(*connection)

    def do_GET(self) -> None:  # the library's name
        if self.path not in METRICS:
            self._answer(HTTPStatus.NOT_FOUND)
        elif METRICS[self.path].isdisjoint(_names(self.connection)):
            self._answer(HTTPStatus.FORBIDDEN)
        else:
            self._answer(HTTPStatus.OK, generate_latest(self._metrics.registry))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002  # they repeat the request
        """Whatever is no GET, or no HTTP: a status and nothing else."""
        self._answer(HTTPStatus(code))

    def log_message(self, *_: object) -> None:
        """Nothing: it would write addresses."""

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Strict-Transport-Security", _HSTS)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _names(connection: ssl.SSLSocket) -> frozenset[str]:
    """DNS SANs of the certificate that TLS verified."""
    certificate = connection.getpeercert() or {}
    sans: Any = certificate.get("subjectAltName", ())
    return frozenset(value for kind, value in sans if kind == "DNS")


def _hang_up(request: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        request.shutdown(socket.SHUT_RDWR)
