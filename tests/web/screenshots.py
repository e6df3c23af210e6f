"""Writes the pictures of README.md: the sample mailbox on real services. Run by `make screenshots` alone."""

from pathlib import Path
from typing import Any

import pytest
from visit import ROOT, WIDE, Visit

IMAGES = ROOT / "docs" / "images"
TALL = 720  # CSS pixels
MOST = 150_000  # bytes of one picture


@pytest.fixture(scope="module")
def visit(lasting_house: Any, visits: Any) -> Visit:
    """The sample, looked at."""
    house = lasting_house()
    house.choose_all()
    house.scan()
    return visits(house, timezone_id="Europe/London", locale="en-GB")  # type: ignore[no-any-return]  # the fixture's


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["preview", "quarantine"])
def test_write(visit: Visit, screen: str, scheme: str) -> None:
    """One picture, from the top of the screen."""
    visit.go(screen)
    visit.look(scheme, WIDE, TALL)
    visit.page.mouse.move(0, 0)
    IMAGES.mkdir(exist_ok=True)
    path = Path(IMAGES / f"{screen}-{scheme}.png")
    visit.page.screenshot(path=path)
    assert path.stat().st_size < MOST
