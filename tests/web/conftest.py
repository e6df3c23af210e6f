"""What the page's tests share: a browser, visits, and houses that are visited."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from visit import ARGUMENTS, PROGRAM, Visit

MakeVisit = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. For one module: Playwright holds an event loop, which tests elsewhere want for themselves."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def visits(browser: Browser) -> Iterator[MakeVisit]:
    """Opens a tab at a house, signed in or not; what went wrong in any of them fails the module."""
    made: list[Visit] = []

    def visit(house: Any, *, enter: bool = True, **options: Any) -> Visit:
        made.append(Visit(browser, house.house.url, **options))
        if enter:
            made[-1].enter()
        return made[-1]

    yield visit
    complaints = [one for visited in made for one in visited.quiet]
    for one in made:
        one.close()
    assert complaints == []
