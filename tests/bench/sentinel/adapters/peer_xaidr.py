"""xaidr: its sensor, enforcing, on text that comes in; its reports, a line for each scan, go nowhere."""

from typing import Any

from xaidr import Sensor


class _Silent:
    def report(self, events: list[dict[str, Any]]) -> None:
        """Drops them."""

    def close(self) -> None:
        """Has nothing to close."""


_SENSOR = Sensor(agent_id="bench", enforcement_mode="block", reporter=_Silent())


def score(text: str) -> tuple[float, bool]:
    """Its score, and whether the agent must halt."""
    result = _SENSOR.scan(text, direction="input")
    return result.score, result.must_halt
