"""Stdout, as a terminal or as a file."""

import os
import sys

from rich.console import Console

WIDTH = 120  # columns when stdout is no terminal and COLUMNS doesn't say


def terminal() -> Console:
    """As wide as it is, or WIDTH when it is no terminal."""
    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH, highlight=False)
