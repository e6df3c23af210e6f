"""plumblint: its scan; rejecting what it calls an injection is its own example."""

from plumblint import scan


def score(text: str) -> tuple[float, bool]:
    """Its score, and whether the verdict is injection."""
    result = scan(text)
    return result.score, result.verdict == "injection"
