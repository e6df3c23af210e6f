"""One person with one browser: a tab, what may be done in it, and everything in it that must not happen.

A visit keeps what a browser complains of: errors on the console, exceptions, violations of the content security
policy, requests to anywhere else, script of a stranger. Its fixture asserts that there was nothing of the kind.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / ".ci" / "web" / "node_modules" / "axe-core" / "axe.min.js"
PROGRAM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000  # milliseconds for anything that must happen on a busy machine
WIDE, NARROW = 1100, 380  # CSS pixels
HEIGHT = 800
LOOKS = [(scheme, width) for width in (WIDE, NARROW) for scheme in ("light", "dark")]
LOADING = re.compile("^Loading .* …$")
TOKEN = "mail-organiser.token"
CHECKS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Runs before the page's own script, in every document of the tab; Playwright's door, not the page's.
WATCHING = """
addEventListener("securitypolicyviolation", (event) => noted(`${event.violatedDirective} ${event.blockedURI}`));
window.ran = (what) => noted(`a stranger's script ran: ${what}`);
for (const name of ["alert", "confirm", "prompt"]) window[name] = (what) => noted(`a stranger's script ran: ${what}`);
"""
BEYOND = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("#page *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120)).slice(-3)"""
LEAVE = """(to) => {
  const screen = (hash) => hash.split("/")[1] ?? "preview";
  window.left = screen(location.hash) === screen(to) ? null : document.querySelector("h1");
  location.hash = to;
}"""
ARRIVED = "() => !window.left?.isConnected && document.querySelector('h1') !== null"
AUDIT = """async (checks) => {
  const { violations } = await axe.run(document, { runOnly: checks, resultTypes: ["violations"] });
  const where = (nodes) => nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ");
  return violations.map(({ id, nodes }) => `${id}: ${where(nodes)}`);
}"""


class Visit:
    """A tab at a house's page. quiet: what must be empty when all is well; expected failures are taken out of it."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.quiet: list[str] = []
        self.fetching: set[Request] = set()
        viewport = options.pop("viewport", {"width": WIDE, "height": HEIGHT})
        self.context = browser.new_context(ignore_https_errors=True, viewport=viewport, **options)
        self.context.set_default_timeout(PATIENCE)
        self.context.expose_binding("noted", lambda _, what: self.quiet.append(what))
        self.context.add_init_script(WATCHING)
        self.page = self.tab()

    def tab(self) -> Page:
        """One more tab of the same browser profile, watched too."""
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.quiet.append(f"exception: {error}"))
        page.on("request", self._request)
        page.on("response", lambda response: self.fetching.discard(response.request))
        page.on("requestfailed", self._failed)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and message.location["url"].startswith(self.url):
            self.quiet.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("https://127.0.0.1:", "data:")):
            self.quiet.append(f"a request elsewhere: {request.url}")

        if not request.url.endswith("/events") and request.resource_type == "fetch":
            self.fetching.add(request)

    def _failed(self, request: Request) -> None:
        self.fetching.discard(request)

    def enter(self) -> None:
        """Signs in by hand, as the sandbox's owner."""
        self.page.goto(f"{self.url}/")
        self.page.get_by_role("button", name="Try with the sample mailbox").click()
        self.page.get_by_role("button", name="Approve").click()
        self.page.get_by_role("navigation", name="Screens").wait_for()

    def go(self, fragment: str) -> None:
        """To a screen, as a link of the page leads there; waits until it is drawn."""
        self.page.evaluate(LEAVE, f"#/{fragment}")
        self.until(lambda: self.page.evaluate(ARRIVED), f"the screen {fragment}")
        self.settled()

    def settled(self) -> None:
        """Waits until nothing is being fetched and nothing says that it is loading, twice in a row."""
        for _ in range(2):
            self.page.wait_for_timeout(60)
            self.until(self._is_settled, "the page to settle")

    def _is_settled(self) -> bool:
        return not self.fetching and self.page.get_by_text(LOADING).count() == 0

    def heading(self, name: str) -> Locator:
        """The screen's heading, once it is there and has the focus."""
        found = self.page.get_by_role("heading", level=1, name=name)
        found.wait_for()
        return found

    def focus(self) -> str:
        """What has the focus: its tag, and the first words of it or its label."""
        return str(
            self.page.evaluate(
                """() => { const one = document.activeElement;
                return `${one.localName}: ${(one.ariaLabel ?? one.textContent).trim().slice(0, 60)}`; }"""
            )
        )

    def stored(self, where: str) -> dict[str, str]:
        """Everything in sessionStorage or localStorage."""
        return dict(json.loads(self.page.evaluate(f"JSON.stringify({where})")))

    def look(self, scheme: str, width: int, height: int = HEIGHT) -> None:
        """Another colour scheme and width, without loading anything again."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": height})

    def faults(self) -> list[str]:
        """What axe finds in what is shown now."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        return list(self.page.evaluate(AUDIT, CHECKS))

    def overflow(self) -> list[str]:
        """What reaches beyond the right edge, so that one would have to scroll to the side."""
        return list(self.page.evaluate(BEYOND))

    def looks(self) -> list[str]:
        """What axe finds, and what is cut off, however it is looked at."""
        found = []
        for scheme, width in LOOKS:
            self.look(scheme, width)
            found += [f"{scheme} {width}: {fault}" for fault in self.faults()]
            found += [f"{scheme} {width}: cut off: {one}" for one in self.overflow()]
        self.look("light", WIDE)
        return found

    @contextmanager
    def noise(self, *words: str) -> Iterator[None]:
        """While inside, each of these is complained of; that is forgiven, and nothing else."""
        before = len(self.quiet)
        yield
        for word in words:
            self.until(lambda word=word: any(word in one for one in self.quiet[before:]), f"a complaint of {word}")
        self.quiet[before:] = [one for one in self.quiet[before:] if not any(word in one for word in words)]

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Waits until it is true, while the browser goes on."""
        for _ in range(PATIENCE // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited for {what}; fetching: {self.fetching}; complaints: {self.quiet}")

    def close(self) -> None:
        """Ends it."""
        self.context.close()
