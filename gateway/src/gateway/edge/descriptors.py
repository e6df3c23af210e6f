"""File descriptors: a connection is one, and the system's default of 1024 is less than we take on."""

import resource
from typing import Final

BESIDE: Final = 256  # for files, the database, peers, Microsoft and the metrics port


def room_for(connections: int) -> int:
    """Raises the soft limit as far as it is needed and allowed; how many of these connections there is room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + BESIDE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
    return max(1, reachable - BESIDE)
