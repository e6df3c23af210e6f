"""toolwall-guard: its rules at its default policy's threshold; the judge needs weights from a hub and stays off."""

from toolwall import Policy
from toolwall.detect import CompositeDetector

_DETECTOR = CompositeDetector()
_THRESHOLD = Policy().response_ipi_threshold


def score(text: str) -> tuple[float, bool]:
    """The worst rule's score, and whether the policy takes that for an attack."""
    worst, _ = _DETECTOR.score(text)
    return worst, worst >= _THRESHOLD
