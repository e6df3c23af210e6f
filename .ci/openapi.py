"""Writes docs/reference/openapi.json, the committed description of the API; tests/e2e/test_description.py compares."""

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from gateway import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "openapi.json"


def described() -> str:
    """The document as it is committed. The routes are looked at, not called, so they are given nothing."""
    nothing: Any = dict.fromkeys(field.name for field in fields(app.Parts))
    return json.dumps(app.build(app.Parts(**nothing)).openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PAGE.write_text(described(), encoding="utf-8")
    sys.exit(0)
