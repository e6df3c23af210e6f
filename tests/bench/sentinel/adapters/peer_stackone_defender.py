"""stackone-defender: patterns and its MiniLM in ONNX, blocking switched on, each text as the result of a mail tool.

The model's score ranks; a pattern alone can block below it, which shows in its decision and not in its curve.
"""

from stackone_defender import create_prompt_defense

_DEFENSE = create_prompt_defense(block_high_risk=True, require_tier2=True)
_DEFENSE.warmup_tier2()


def score(text: str) -> tuple[float, bool]:
    """The model's score, and whether the text is not allowed."""
    result = _DEFENSE.defend_tool_result(text, "gmail_get_message")
    return result.tier2_score or 0.0, not result.allowed
