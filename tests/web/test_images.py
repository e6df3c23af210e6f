"""The pictures that README.md shows are there, small, and described in words."""

import re

from visit import ROOT

MOST = 150_000  # bytes of one picture
SHOWN = re.compile(r'(?:src|srcset)="(docs/images/[^"]+)"')


def test_pictures_are_there_and_small() -> None:
    """Each that is shown is a file, each file is shown, and none is heavy to fetch."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files = {f"docs/images/{path.name}" for path in (ROOT / "docs" / "images").glob("*")}
    assert set(SHOWN.findall(readme)) == files != set()
    assert all((ROOT / one).stat().st_size < MOST for one in files)


def test_pictures_are_described() -> None:
    """Who can't see one reads what it shows."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"<img [^>]*>", readme)
    assert pictures
    assert all(len(re.findall(r'alt="([^"]*)"', one)[0]) > 40 for one in pictures)
