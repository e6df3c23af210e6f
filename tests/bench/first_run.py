"""How long the first look takes: from `make run` in a fresh clone to the sorted preview, split into install and work.

Prints seconds of `make setup` with an empty and with a full package cache, each into an environment that is not there
yet, then of the work: until the preview is in the terminal, and until Chromium has drawn its rows. Needs the network.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
MADE = (".venv", ".tools")
PATIENCE_MS = 60_000


def main() -> None:
    """Clone, install twice, work once."""
    with tempfile.TemporaryDirectory(prefix="mail-organiser-first-") as root:
        clone = Path(root) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        caches = {"UV_CACHE_DIR": f"{root}/uv", "PIP_CACHE_DIR": f"{root}/pip"}
        for cache in ("empty", "full"):
            told(f"install, {cache} package cache", installed(clone, caches))
        worked(clone, caches)


def told(what: str, seconds: float) -> None:
    """One line of the answer."""
    sys.stdout.write(f"{what}: {seconds:.1f} s\n")
    sys.stdout.flush()


def installed(clone: Path, caches: dict[str, str]) -> float:
    """Seconds of `make setup` where nothing is installed."""
    for made in MADE:
        shutil.rmtree(clone / made, ignore_errors=True)
    began = time.monotonic()
    subprocess.run(["make", "--silent", "setup"], cwd=clone, env=os.environ | caches, check=True)
    return time.monotonic() - began


def worked(clone: Path, caches: dict[str, str]) -> None:
    """Tells when the preview is in the terminal, and when it is in a browser."""
    with chromium() as page:
        began = time.monotonic()
        with running(clone, caches) as lines:
            url = next(line.strip() for line in lines if line.startswith("https://"))
            told("work, until the preview is in the terminal", time.monotonic() - began)
            page.goto(url)
            page.get_by_role("button", name="Try with the sample mailbox").click()
            page.get_by_role("button", name="Approve").click()
            page.locator("tr.message").first.wait_for()
            told("work, until the browser shows it", time.monotonic() - began)


@contextmanager
def running(clone: Path, caches: dict[str, str]) -> Iterator[Iterator[str]]:
    """`make run`, by its lines; ended with everything that it started."""
    command = ["make", "--silent", "run", "PORT=0"]
    run = subprocess.Popen(
        command, cwd=clone, env=os.environ | caches, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert run.stdout is not None
    try:
        yield iter(run.stdout)
    finally:
        os.killpg(run.pid, signal.SIGINT)
        run.wait()


@contextmanager
def chromium() -> Iterator[Page]:
    """A tab of Debian's Chromium, which does not trust the new authority yet."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


if __name__ == "__main__":
    main()
