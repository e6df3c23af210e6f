"""Every code block that a person may copy is run here, and every output that is shown is one that comes out.

A `sh` block is run as it stands, from the root, in a home that holds ~/Takeout/All.mbox; CHECK=1 and PORT=0 in the
environment let `make run` end by itself. A block under <!-- run by: FILE --> takes longer: each of its commands is in
that file. A `text` block under <!-- output of: COMMAND --> is compared with what the command wrote; "..." stands for
what was left out.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/tutorial/first-sort.md", "docs/how-to/measure-your-own-mail.md")
BLOCK = re.compile(
    r"(?:^<!-- (?P<marker>[^>]+) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
PATIENCE = 240  # seconds for one block on a busy machine; the longest takes ten on an idle one
LEFT_OUT = "..."

Run = Callable[[str], str]


@dataclass(frozen=True)
class Block:
    """A code block; marker is the comment above it."""

    page: str
    marker: str
    language: str
    body: str


def blocks() -> Iterator[Block]:
    """All blocks of the pages."""
    for page in PAGES:
        for found in BLOCK.finditer((ROOT / page).read_text(encoding="utf-8")):
            yield Block(page, found["marker"] or "", found["language"], found["body"])


def bodies(language: str, marker: str) -> list[str]:
    """Blocks of a language whose marker begins so; each once."""
    chosen = [block for block in blocks() if block.language == language]
    return list(dict.fromkeys(block.body for block in chosen if block.marker.partition(":")[0] == marker))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an export in it: one folder with three kinds of mail, and an inbox with nothing that is held."""
    takeout = tmp_path_factory.mktemp("home") / "Takeout"
    takeout.mkdir()
    labels = ["Bills"] * 8 + ["Inbox"] * 4
    (takeout / "All.mbox").write_text("".join(_message(number, label) for number, label in enumerate(labels)))
    return takeout.parent


def _message(number: int, label: str) -> str:
    return (
        f"From - Thu Jan 01 00:00:00 2026\nX-Gmail-Labels: {label}\nFrom: Shop <pay@shop.example>\n"
        f"To: you@sandbox.test\nDate: {number + 1:02d} Jan 2026 10:00:00 +0000\nMessage-ID: <{number}@made.test>\n"
        f"Subject: Invoice {number}\n\nbody\n\n"
    )


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    """Runs a block once, however many pages it stands on; what it wrote to stdout."""
    outputs: dict[str, str] = {}

    def once(body: str) -> str:
        if body not in outputs:
            outputs[body] = _run(body, home)
        return outputs[body]

    return once


def _run(body: str, home: Path) -> str:
    kept = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONSAFEPATH", "VIRTUAL_ENV", "COLUMNS"}
    }
    cache = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")}
    environment = kept | cache | {"HOME": str(home), "CHECK": "1", "PORT": "0"}
    command = ["bash", "-euo", "pipefail", "-c", body]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, f"{body}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def test_every_block_is_of_a_kind_that_is_looked_at() -> None:
    """A block without a language, or under a marker that nobody knows, would be shown and never tried."""
    found = list(blocks())
    assert len(found) > 8
    kinds = {(block.language, block.marker.partition(":")[0]) for block in found}
    assert kinds <= {("sh", ""), ("sh", "run by"), ("text", ""), ("text", "output of")}


@pytest.mark.parametrize("body", bodies("sh", ""), ids=lambda body: body.split("\n")[0][:40])
def test_a_command_that_is_shown_works(body: str, run: Run) -> None:
    """As it stands, from the root of the repository."""
    assert run(body) or ">" in body


@pytest.mark.parametrize("block", [block for block in blocks() if block.marker.startswith("run by: ")], ids=str)
def test_a_long_command_is_run_elsewhere(block: Block) -> None:
    """The named file runs every command of the block."""
    text = (ROOT / block.marker.removeprefix("run by: ")).read_text(encoding="utf-8")
    ran = {word for line in re.findall(r"^make .*$", text, re.MULTILINE) for word in line.split()[1:]}
    assert {line.removeprefix("make ") for line in block.body.splitlines()} <= ran


@pytest.mark.parametrize("block", [block for block in blocks() if block.marker.startswith("output of: ")], ids=str)
def test_the_output_that_is_shown_is_what_comes_out(block: Block, run: Run) -> None:
    """Line by line, in this order; only what is marked as left out is left out."""
    command = block.marker.removeprefix("output of: ")
    written = iter([_plain(line) for line in run(f"{command}\n").splitlines()])
    shown = [_plain(line) for line in block.body.splitlines()]
    missing = [line for line in shown if line not in {"", LEFT_OUT} and line not in written]
    assert missing == []


def _plain(line: str) -> str:
    """Without the padding of columns."""
    return " ".join(line.split())
