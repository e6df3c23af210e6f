"""nukon-pi-detect: its scan; refusing what is MALICIOUS is its own example."""

from nukon_pi_detect import scan


def score(text: str) -> tuple[float, bool]:
    """Aggregate confidence, and whether the decision is MALICIOUS."""
    result = scan(text)
    return result.score, result.decision == "MALICIOUS"
