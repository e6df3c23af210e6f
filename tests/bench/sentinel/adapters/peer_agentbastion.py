"""agentbastion: its inbound guard with the signatures that it ships; severity of the worst one, of five.

Its own decision is Firewall's: severity 4 and above is blocked. The judge, a remote model, stays off, as by default.
"""

from agentbastion import Firewall

_GUARD = Firewall().inbound
_WORST = 5  # the highest severity that a signature has


def score(text: str) -> tuple[float, bool]:
    """Severity from 0 to 1, and whether the firewall would block."""
    severity = _GUARD.scan(text).max_severity
    return severity / _WORST, severity >= _GUARD.block_threshold
