"""Memory of connections that ended goes back to the system.

uvloop gives each TLS connection a buffer of 256 KiB. glibc maps such a piece by itself, and returns it; but once one
was freed it raises its threshold (mallopt(3), M_MMAP_THRESHOLD) and takes the next ones from the heap, where what lies
between them keeps them resident: memory crept up under a storm of connections. Naming the threshold keeps it still.
"""

import contextlib
import ctypes
from typing import Final

M_MMAP_THRESHOLD: Final = -3  # malloc.h
THRESHOLD_BYTES: Final = 128 * 1024  # glibc's own first value


def keep_threshold() -> None:
    """Once, before the first connection. Another C library has no such call, and is left as it is."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES)
