"""guardlayer: its balanced preset, each text scanned by itself; the embedding scanners are extras and stay out."""

from guardlayer import GuardLayer

_GUARD = GuardLayer.from_preset("balanced")


def score(text: str) -> tuple[float, bool]:
    """Aggregate risk, and whether the verdict is to block."""
    result = _GUARD.scan_input(text)
    return result.score, result.is_blocked
