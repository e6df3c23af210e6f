"""prompt-injection-defense: its detector at its default thresholds; high_risk is what it would stop."""

from prompt_injection_defense import detect_prompt_injection


def score(text: str) -> tuple[float, bool]:
    """Points, without an upper end, and whether they make a high risk."""
    result = detect_prompt_injection(text)
    return float(result["score"]), result["label"] == "high_risk"
