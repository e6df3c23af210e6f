"""aicordon: Picket, its local rules, in their mode for text that an agent reads; Intent is a remote service.

Picket has no score: the worst severity of a finding ranks a text, and any finding is its decision.
"""

from aicordon import picket

_DETECTOR = picket.load()
_RANKS = {"medium": 0.5, "high": 1.0}


def score(text: str) -> tuple[float, bool]:
    """The worst severity, 0 without a finding, and whether there is one."""
    report = _DETECTOR.check(text)
    return max((_RANKS.get(finding.severity, 0.25) for finding in report.findings), default=0.0), report.flagged
