"""What a command tells while it works, on stderr: milestones always, moving bars only where there is a terminal.

Must never write to stdout, which is for data, nor text of a message.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from cli.untrusted import visible

BAR = 20  # columns; with the rest it fits a terminal of 80


class Rate(ProgressColumn):
    """How many a second, over the last seconds."""

    def render(self, task: Task) -> Text:
        """Empty until it is known."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", "dim")


class Report:
    """Stderr, for people."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def say(self, text: str, style: str = "") -> None:
        """A line that stays. Paths and names in it may be anybody's."""
        shown = Text("\n".join(visible(line) for line in text.splitlines()), style)
        self._console.print(shown, soft_wrap=not self._console.is_terminal)

    def wrong(self, text: str) -> None:
        """What went wrong."""
        self.say(f"mail-organiser: {text}", "bold red")

    def refused(self, what: str, why: str, what_to_do: str) -> None:
        """What can't be used, why, and what to do: a line each."""
        self.wrong(what)
        self.say(f"  {why}\n  {what_to_do}")

    @contextmanager
    def doing(self, what: str) -> Iterator[Callable[[str], None]]:
        """Says what is going on while it does; what it is given replaces the words, where there is a terminal."""
        if not self._console.is_terminal:
            self.say(what)
            yield lambda _: None
            return
        with self._console.status(Text(visible(what))) as status:
            yield lambda text: status.update(Text(visible(text)))

    @contextmanager
    def bars(self) -> Iterator[Progress]:
        """Bars that are gone when the work is done."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(BAR),
            MofNCompleteColumn(),
            Rate(),
            TimeRemainingColumn(compact=True),
        )
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as bars:
            yield bars


def sorted_in(learned: int, folders: int, done: int, seconds: float) -> str:
    """The milestone at the end of a scan."""
    rate = (learned + done) / max(seconds, 0.001)
    return (
        f"Learned from {learned:,} filed messages in {folders} folders and sorted {done:,} in {seconds:.1f} s "
        f"({rate:,.0f} a second)"
    )
