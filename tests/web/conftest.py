"""What the page's tests share: a browser, visits, and houses that are visited."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from visit import ARGUMENTS, PROGRAM, Visit

from cli.house import free_port

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


class Reported:
    """A house whose gateway counts where a test can look; violations: what browsers reported of the policy so far."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.port = free_port()
        self.house = make("sample", self._adjust)

    def _adjust(self, house: Any, _: object) -> None:
        path = house.place.path("settings", "gateway.toml")
        path.write_text(f"metrics_port = {self.port}\n{path.read_text()}")

    def violations(self) -> float:
        """csp_reports_total, over all directives."""
        page = self.house.scraped(self.port).decode()
        found = re.findall(r"^csp_reports_total\{[^}]*\} ([0-9.]+)$", page, re.MULTILINE)
        assert found
        return sum(map(float, found))


@pytest.fixture
def reported(lasting_house: Callable[..., Any]) -> Reported:
    """Such a house over the sample."""
    return Reported(lasting_house)


@pytest.fixture(scope="session")
def make_inbox(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], str]:
    """Writes a mailbox with so many messages in its inbox, and two folders to learn from; its path."""

    def write(waiting: int) -> str:
        mail = [message(number, f"Kind {number % 2}") for number in range(40)]
        mail += [message(number, "Inbox") for number in range(40, 40 + waiting)]
        path = Path(tmp_path_factory.mktemp("inbox")) / "mail.mbox"
        path.write_text("".join(mail), encoding="ascii")
        return str(path)

    return write


def message(number: int, label: str) -> str:
    """One of two kinds, from one of ten senders."""
    day = f"{number % 28 + 1:02d} Jan 2026 {number // 60 % 24:02d}:{number % 60:02d}:00 +0000"
    headers = {
        "X-Gmail-Labels": label,
        "From": f"Shop {number % 10} <s{number % 10}@shop.test>",
        "To": "you@sandbox.test",
        "Subject": f"{('Invoice', 'Journey')[number % 2]} number {number}",
        "Date": day,
        "Message-ID": f"<{number}@made.test>",
    }
    lines = [f"{name}: {value}\n" for name, value in headers.items()]
    return "".join(["From - Thu Jan 01 00:00:00 2026\n", *lines, "\nbody\n\n"])
