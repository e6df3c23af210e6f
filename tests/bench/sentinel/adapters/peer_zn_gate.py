"""zn-gate: its local rules, not strict, as by default. An advisory, which strict would block, ranks below a block."""

from zn_gate import evaluate

_ADVISED = 0.5


def score(text: str) -> tuple[float, bool]:
    """Confidence in a block, a half for an advisory, 0 for neither; and whether the verdict is to block."""
    result = evaluate(text)
    if result.verdict == "block":
        return result.confidence, True
    return (_ADVISED if result.advisory else 0.0), False
