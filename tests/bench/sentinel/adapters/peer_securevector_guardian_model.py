"""securevector-guardian-model: the model in its wheel, by its own inference in pure Python, at its own threshold."""

from svguardian import resolve_runtime
from svguardian.model.pure_infer import PureGuardian
from svguardian.window import predict_windowed

_GUARDIAN = PureGuardian.load(resolve_runtime())


def score(text: str) -> tuple[float, bool]:
    """The share of all malicious classes, and whether the verdict is malicious."""
    result = predict_windowed(_GUARDIAN, text)
    return result["malicious_score"], result["verdict"] == "malicious"
