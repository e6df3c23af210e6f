"""What tests of the documents share: where they are, and their tables and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Link:
    """A link of a document. target: as it is written."""

    document: Path
    text: str
    target: str

    @property
    def path(self) -> Path:
        """The file that it leads to."""
        return (self.document.parent / self.target.partition("#")[0]).resolve()


class Documents:
    """All Markdown files that people read."""

    root = ROOT

    def paths(self) -> list[Path]:
        """README and its like, and everything in docs."""
        return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

    def text(self, name: str) -> str:
        """The text of a document, by its path from the root."""
        return (ROOT / name).read_text(encoding="utf-8")

    def links(self) -> Iterator[Link]:
        """Every link to a file of the repository."""
        for path in self.paths():
            prose = FENCE.sub("", path.read_text(encoding="utf-8"))
            for found in LINK.finditer(prose):
                if not found["target"].startswith(("https://", "#", "mailto:")):
                    yield Link(path, found["text"], found["target"])

    def tables(self, text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
        """Head and rows of every table."""
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            head, _ruler, *rows = [
                [cell.strip() for cell in re.split(r" \| |\|$", line[1:])] for line in block.splitlines()
            ]
            yield head[:-1], [row[:-1] for row in rows]

    def rows(self, text: str) -> list[list[str]]:
        """The cells of all tables' rows."""
        return [row for _, rows in self.tables(text) for row in rows]


@pytest.fixture
def documents() -> Documents:
    """The documents."""
    return Documents()
