"""What is inspected: the texts of one message or one folder, as they came."""

from collections.abc import Mapping
from dataclasses import dataclass

from sentinel.finding import Field


@dataclass(frozen=True, slots=True)
class Item:
    """The present texts by field, and the recipients, which must be addresses and nothing else."""

    texts: Mapping[Field, str]
    recipients: tuple[str, ...] = ()
