"""One table: which certificate name may call which method.

Guarantees: a method that isn't in the table has no callers, whoever asks; names are compared whole, against the DNS
SANs that TLS verified (no wildcard, no common name, no other kind of SAN).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

ANYONE = "*"  # any certificate of our authority. Only HEALTH may say so
HEALTH: Mapping[str, frozenset[str]] = {
    "/grpc.health.v1.Health/Check": frozenset({ANYONE}),
    "/grpc.health.v1.Health/Watch": frozenset({ANYONE}),
}
METRICS: Mapping[str, frozenset[str]] = {"/metrics": frozenset({"prometheus.mail-organiser.internal"})}  # over HTTPS
UNKNOWN = (
    "unknown"  # how a method outside the table is called in logs, spans and metrics: its name is a stranger's text
)
_METHOD = re.compile(r"/[A-Za-z0-9_.]+/[A-Za-z0-9_]+")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


@dataclass(frozen=True, slots=True)
class Callers:
    """Method ("/pkg.Service/Method") to the names that may call it. HEALTH is always part of it."""

    table: Mapping[str, frozenset[str]]
    _rows: dict[str, frozenset[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuses rows that could never match, and ANYONE on a method that is not HEALTH's."""
        for method, names in self.table.items():
            _check_row(method, names)
        object.__setattr__(self, "_rows", {**HEALTH, **self.table})

    @property
    def methods(self) -> frozenset[str]:
        """Every method that somebody may call."""
        return frozenset(self._rows)

    def allow(self, method: str, names: Collection[str]) -> bool:
        """Whether the holder of a verified certificate with these DNS SANs may call the method."""
        row = self._rows.get(method, frozenset())
        return ANYONE in row or not row.isdisjoint(names)

    def label(self, method: str) -> str:
        """The method, or UNKNOWN: a closed set for logs, spans and metrics."""
        return method if method in self._rows else UNKNOWN


def _check_row(method: str, names: frozenset[str]) -> None:
    if method in HEALTH:
        raise ValueError(f"{method}: health is open to every certificate of ours already; remove the row")
    if not _METHOD.fullmatch(method):
        raise ValueError("a method is written /package.Service/Method")
    if not names or not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(
            f"{method}: callers are one or more full DNS names in lower case, such as gateway.example.internal"
        )
