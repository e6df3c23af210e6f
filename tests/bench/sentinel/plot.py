"""Recall against false positives as an SVG, for light and dark pages: each detector's curve and its own decision.

The horizontal axis is logarithmic, since a mailbox can afford a false alarm in a thousand messages and not one in ten.
What lies left of it, no false alarm at all included, is drawn on its left edge.
"""

import colorsys
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from table import Entry

WIDTH, HEIGHT = 960, 560
LEFT, TOP, RIGHT, BOTTOM = 64, 48, 690, 500  # the frame of the plot
LOWEST = -4  # the decade at the left edge: 0.01 %
STEP = 20  # between two lines of the legend
APART = 15  # between two numbers in the plot
GOLDEN = 0.382  # of a turn between two hues: any number of them stay apart
STYLE = """
  text { font: 13px system-ui, sans-serif; } .title { font-size: 16px; font-weight: 600; }
  .number { font-size: 11px; paint-order: stroke; stroke-width: 3px; }
  .number, .x { text-anchor: middle; } .y { text-anchor: end; }
  .grid { fill: none; } .curve { fill: none; stroke-width: 1.3; stroke-opacity: .75; }
  .ours { stroke-width: 3.5; stroke-opacity: 1; }
"""


@dataclass(frozen=True, slots=True)
class Shades:
    """The colours of a page: its ground, its words, its faint lines; and how light the peers' hues are."""

    paper: str
    ink: str
    faint: str
    lightness: float


LIGHT = Shades("#ffffff", "#1f2328", "#d8dee4", 0.42)
DARK = Shades("#0d1117", "#e6edf3", "#30363d", 0.64)


def svg(entries: Sequence[Entry], title: str) -> str:
    """The whole picture. Peers come first, so that ours is drawn over them."""
    order = [*(entry for entry in entries if not entry.ours), *(entry for entry in entries if entry.ours)]
    numbers = {entry.name: number for number, entry in enumerate(entries, start=1)}
    parts = [*_frame(title), *_curves(order, numbers), *_points(order, numbers), *_legend(entries)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", _style(entries), *parts, "</svg>\n"])


def across(rate: float) -> float:
    """Where a false positive rate lies."""
    decade = max(math.log10(rate), LOWEST) if rate > 0 else LOWEST
    return LEFT + (RIGHT - LEFT) * (decade - LOWEST) / -LOWEST


def down(recall: float) -> float:
    """Where a recall lies."""
    return BOTTOM - (BOTTOM - TOP) * recall


def _frame(title: str) -> Iterator[str]:
    yield f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>'
    yield f'<text class="title" x="{LEFT}" y="28">{escape(title)}</text>'
    for decade in range(LOWEST, 1):
        x = across(10.0**decade)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{BOTTOM}"/>'
        least = "≤ " if decade == LOWEST else ""
        yield f'<text class="x" x="{x:.1f}" y="{BOTTOM + 20}">{least}{10.0 ** (decade + 2):g} %</text>'
    for fifth in range(6):
        y = down(fifth / 5)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield f'<text class="y" x="{LEFT - 8}" y="{y + 4:.1f}">{20 * fifth} %</text>'
    yield f'<text class="x" x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 44}">false positives (log)</text>'
    yield f'<text class="x" transform="translate(16 {(TOP + BOTTOM) / 2}) rotate(-90)">recall</text>'


def _curves(order: Sequence[Entry], numbers: dict[str, int]) -> Iterator[str]:
    drawn: set[tuple[bool, str]] = set()  # sentinel's two decisions lie on one curve
    for entry in order:
        path = _steps(entry.curve)
        if (entry.ours, path) not in drawn:
            drawn.add((entry.ours, path))
            kind = "curve ours" if entry.ours else "curve"
            yield f'<path class="{kind} line{numbers[entry.name]}" d="M{path}"/>'


def _steps(curve: Sequence[tuple[float, float]]) -> str:
    """Level up to the next threshold, then straight up: nothing between two thresholds can be had. In whole pixels."""
    pixels = dict.fromkeys((round(across(rate)), round(down(recall))) for rate, recall in curve)
    first, *rest = pixels
    return f"{first[0]} {first[1]}" + "".join(f"H{x}V{y}" for x, y in rest)


def _points(order: Sequence[Entry], numbers: dict[str, int]) -> Iterator[str]:
    taken: list[tuple[float, float]] = []
    for entry in order:
        x, y = across(entry.quality.false_positives), down(entry.quality.recall)
        radius, number = (6 if entry.ours else 4), numbers[entry.name]
        yield f'<circle class="dot{number}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'
        taken.append(_free(x, y, taken))
        yield f'<text class="number" x="{taken[-1][0]:.1f}" y="{taken[-1][1]:.1f}">{number}</text>'


def _free(x: float, y: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """A place for a number beside its point, or further along when another number has that one."""
    spot = (x + 11, y - 5)
    while any(abs(spot[0] - other[0]) < APART and abs(spot[1] - other[1]) < APART - 3 for other in taken):
        spot = (spot[0] + APART, spot[1])
    return spot


def _legend(entries: Sequence[Entry]) -> Iterator[str]:
    for number, entry in enumerate(entries, start=1):
        y = TOP + STEP * number
        yield f'<circle class="dot{number}" cx="{RIGHT + 26}" cy="{y - 4}" r="5"/>'
        yield f'<text x="{RIGHT + 40}" y="{y}">{number}  {escape(entry.name)}</text>'
    yield f'<text x="{RIGHT + 20}" y="{TOP}">dot: own decision; line: its scores</text>'


def _style(entries: Sequence[Entry]) -> str:
    """Plain rules, once for light and once for dark: not every program that draws an SVG knows variables."""
    light, dark = ("\n".join(_rules(entries, shades)) for shades in (LIGHT, DARK))
    return f"<style>{STYLE}{light}\n  @media (prefers-color-scheme: dark) {{\n{dark}\n  }}\n</style>"


def _rules(entries: Sequence[Entry], shades: Shades) -> Iterator[str]:
    yield f"  .paper {{ fill: {shades.paper} }} .grid {{ stroke: {shades.faint} }} text {{ fill: {shades.ink} }}"
    yield f"  .number {{ stroke: {shades.paper} }}"
    for number, entry in enumerate(entries, start=1):
        colour = shades.ink if entry.ours else _hue(number, shades.lightness)
        yield f"  .dot{number} {{ fill: {colour} }} .line{number} {{ stroke: {colour} }}"


def _hue(number: int, lightness: float) -> str:
    parts = colorsys.hls_to_rgb(number * GOLDEN % 1, lightness, 0.7)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
