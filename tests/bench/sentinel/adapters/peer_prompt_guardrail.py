"""prompt-guardrail: its logistic regression, which it installs under the name guardify.

Its files were written by scikit-learn 1.7.2 and are read by the version that requirements.txt pins, with a warning.
"""

import guardify


def score(text: str) -> tuple[float, bool]:
    """The probability of an injection, from that of whichever label won, and whether injection won."""
    result = guardify.detect(text)
    blocked = result["label"] == "injection"
    return (result["score"] if blocked else 1 - result["score"]), blocked
