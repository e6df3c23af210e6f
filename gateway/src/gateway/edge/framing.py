"""Whether a request's head leaves a doubt about where the request ends, whom it is for, or what it is.

Two readers of one connection (a proxy and we) that disagree about one of these is how requests are smuggled, so any
doubt refuses. llhttp is strict about most of it; this is the rest, and what we don't want to depend on it for. Numbers
are those of the corpus, tests/corpus/smuggling.toml.

(1) HTTP/1.0 or HTTP/1.1 (RFC 9112, 2.3)
(2) one Host, of a host's characters; HTTP/1.0 may go without (RFC 9112, 3.2)
(3) the target begins with "/", or is https:// and the very Host (RFC 9112, 3.2.2)
(4) at most one Content-Length, of digits (RFC 9112, 6.3)
(5) at most one Transfer-Encoding, "chunked", in HTTP/1.1 and without Content-Length (RFC 9112, 6.1)
(6) no Upgrade: there is nothing else that we speak (RFC 9110, 7.8)
(7) at most 100 headers, and 32 KiB of them
"""

import re
from collections.abc import Sequence
from typing import Final

MAX_HEADERS: Final = 100  # a browser sends about twenty
MAX_HEADER_BYTES: Final = 32 * 1024  # our largest request has 1 KiB of headers; llhttp has no limit of its own
MAX_TARGET_BYTES: Final = 8 * 1024  # RFC 9110, 4.1 asks for at least 8000
_VERSIONS: Final = frozenset({"1.0", "1.1"})
_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_LENGTH: Final = re.compile(rb"\d{1,18}")
_TARGET: Final = re.compile(rb"/[!-~]*")
_ABSOLUTE: Final = re.compile(rb"https://([^/?#@]+)(/[!-~]*)?", re.IGNORECASE)
_FRAMING: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"upgrade"})

Headers = Sequence[tuple[bytes, bytes]]  # names in lower case


def doubtful(version: str, target: bytes, headers: Headers) -> bool:
    """Whether this head must be refused."""
    if version not in _VERSIONS or len(headers) > MAX_HEADERS:  # (1) (7)
        return True
    found: dict[bytes, bytes] = {}
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name in _FRAMING:
            if name in found:  # (2) (4) (5)
                return True
            found[name] = value
    return (
        size > MAX_HEADER_BYTES  # (7)
        or b"upgrade" in found  # (6)
        or not _is_addressed(version, found.get(b"host"), target)
        or not _is_framed(version, found.get(b"content-length"), found.get(b"transfer-encoding"))
    )


def _is_addressed(version: str, host: bytes | None, target: bytes) -> bool:
    if host is None:  # (2)
        return version == "1.0" and _TARGET.fullmatch(target) is not None
    if not _HOST.fullmatch(host) or len(target) > MAX_TARGET_BYTES:  # (2) (3)
        return False
    if _TARGET.fullmatch(target):
        return True
    absolute = _ABSOLUTE.fullmatch(target)  # (3)
    return absolute is not None and absolute[1].lower() == host.lower()


def _is_framed(version: str, length: bytes | None, encoding: bytes | None) -> bool:
    if encoding is None:
        return length is None or _LENGTH.fullmatch(length) is not None  # (4)
    return version == "1.1" and length is None and encoding.lower() == b"chunked"  # (5)
