"""ai-injection-guard: its scanner at MEDIUM, the threshold of its own examples; points of the patterns that matched."""

from prompt_shield import PromptScanner

_SCANNER = PromptScanner(threshold="MEDIUM")
_CLEARED = frozenset({"SAFE", "LOW"})  # below the threshold


def score(text: str) -> tuple[float, bool]:
    """Points, without an upper end, and whether they reach MEDIUM."""
    result = _SCANNER.scan(text)
    return float(result.risk_score), result.severity not in _CLEARED
