"""Column types that hold "no mail text at rest" at the last door: what is no code or no id is refused on its way in.

The check is on what is written. Comparisons bind as plain text, so an unknown id that a caller sent finds no row.
"""

import re
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from gateway.store.errors import TextRefused

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,95}", re.ASCII)  # `rule.sender`, `openai:gpt-5-mini`
_OPAQUE_ID: Final = re.compile(r"[a-z]{3}_[A-Za-z0-9_-]{1,64}", re.ASCII)  # gateway.store.ids
_GRAPH_ID: Final = re.compile(
    r"[!-?A-~]{1,1024}", re.ASCII
)  # printable, no space, no @: neither a subject nor an address


class _Refusing(TypeDecorator[str]):
    """Text of which every written value matches one pattern."""

    impl = Text
    cache_ok = True
    pattern: re.Pattern[str]

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # the base's signature
        if value is not None and not self.pattern.fullmatch(value):
            raise TextRefused("a column of ids and codes was given something else; keep text in a sealed column")
        return value

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:  # noqa: ARG002  # the base's signature
        return Text()


class CodeText(_Refusing):
    """A code from a vocabulary that another module owns."""

    cache_ok = True
    pattern = _CODE


class OpaqueId(_Refusing):
    """One of our own prefixed ids."""

    cache_ok = True
    pattern = _OPAQUE_ID


class GraphId(_Refusing):
    """Microsoft's id of a message or a folder."""

    cache_ok = True
    pattern = _GRAPH_ID


class CodeSet(TypeDecorator[frozenset[str]]):
    """Codes of one vocabulary, each once: in a fixed order, a space between them, as OAuth writes scopes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str:  # noqa: ARG002  # the base's signature
        codes = sorted(value or ())
        if not all(_CODE.fullmatch(code) for code in codes):
            raise TextRefused("a column of codes was given something else; keep text in a sealed column")
        return " ".join(codes)

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str]:  # noqa: ARG002  # the base's signature
        return frozenset((value or "").split())


class OneOf(TypeDecorator[StrEnum]):
    """A closed vocabulary: an enum member in, the same member out."""

    impl = Text
    cache_ok = True

    def __init__(self, codes: type[StrEnum]) -> None:
        super().__init__()
        self.codes = codes

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # the base's signature
        return None if value is None else self.codes(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002  # the base's signature
        return None if value is None else self.codes(value)
