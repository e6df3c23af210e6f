"""The page about the AI provider knows every outcome and every state, and no other."""

from typing import Any

from classifier.provider.state import State
from classifier.provider.tally import Outcome

PAGE = "docs/reference/provider.md"


def test_every_outcome_and_state_is_explained(documents: Any) -> None:
    """The closed sets that metrics and status speak in."""
    rows = [row[0].strip("`") for row in documents.rows(documents.text(PAGE)) if row[0].startswith("`")]
    assert rows == [*(one.value for one in Outcome), *(one.value for one in State)]
