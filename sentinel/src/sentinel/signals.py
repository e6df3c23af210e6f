"""Campaign signals: what attackers try just now, as metrics.

Guarantees: labels come from closed sets (techniques, outcomes, scripts) and from the policy of this process; no text,
no sender, no rule that a text could choose.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter

from sentinel.finding import Field, Technique
from sentinel.item import Item
from sentinel.script import Script, script_of
from sentinel.verdict import Outcome, Verdict

SHOWN_POLICY = 12  # hex digits of the policy hash that a label holds
_SPEAKING = (Field.SUBJECT, Field.FOLDER_NAME, Field.SENDER_NAME)  # whose script counts: the first that is there


class Signals:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry, policy_hash: bytes) -> None:
        """registry: of the process. policy_hash: what judges here."""
        self._policy = policy_hash.hex()[:SHOWN_POLICY]
        self._verdicts = Counter(
            "sentinel_verdicts",
            "Items judged, by outcome, script and policy",
            ["outcome", "script", "policy"],
            registry=registry,
        )
        self._techniques = Counter(
            "sentinel_techniques",
            "Items in which a technique was found, by technique, outcome, script and policy",
            ["technique", "outcome", "script", "policy"],
            registry=registry,
        )

    def judged(self, items: Sequence[Item], verdicts: Sequence[Verdict]) -> None:
        """Counts a batch."""
        for item, verdict in zip(items, verdicts, strict=True):
            outcome, script = _name(verdict.outcome), _script(item)
            self._verdicts.labels(outcome, script, self._policy).inc()
            for technique in {finding.technique for finding in verdict.findings}:
                self._techniques.labels(_name(technique), outcome, script, self._policy).inc()


def _name(value: Outcome | Technique) -> str:
    return value.name.lower()


def _script(item: Item) -> Script:
    return next((script_of(item.texts[field]) for field in _SPEAKING if item.texts.get(field)), Script.NONE)
