"""A reliability diagram as SVG: of the choices at each confidence, the share that was right. Pure.

Holds numbers only, no text of anybody's mail. Readable on a light ground and on a dark one: it follows the reader's
colour scheme, and brings no ground of its own.
"""

from collections.abc import Iterator, Mapping, Sequence

from cli.accuracy import Bin

SIDE = 320  # of the square, in pixels
LEFT, TOP, FOOT, LEGEND = 48, 16, 48, 170
LEAST = 5  # messages of a bin that is drawn: fewer say nothing
LARGEST = 9.0  # radius of the fullest bin's dot, in pixels
_COLOURS = 4

_STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.axis { stroke: #59636e; fill: none } .grid { stroke: #59636e; opacity: .25 }
.ideal { stroke: #59636e; stroke-dasharray: 4 4 }
.c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #bc4c00; fill: #bc4c00 }
.c2 { stroke: #1a7f37; fill: #1a7f37 } .c3 { stroke: #8250df; fill: #8250df } .line.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .axis, .grid, .ideal { stroke: #9198a1 }
.c0 { stroke: #58a6ff; fill: #58a6ff } .c1 { stroke: #f0883e; fill: #f0883e }
.c2 { stroke: #3fb950; fill: #3fb950 } .c3 { stroke: #bc8cff; fill: #bc8cff } }
</style>"""


def diagram(lines: Mapping[str, Sequence[Bin]]) -> str:
    """An SVG document with a line for each name; dots grow with the number of messages. Names must be our own words.

    Bins of fewer than LEAST messages are left out.
    """
    width, height = LEFT + SIDE + (LEGEND if len(lines) > 1 else FOOT), TOP + SIDE + FOOT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="Of the choices at each confidence, the share that was right">'
    )
    drawn = [one for index, (name, bins) in enumerate(lines.items()) for one in _line(index, name, bins, len(lines))]
    return "\n".join([head, _STYLE, *_frame(), *drawn, "</svg>"]) + "\n"


def _x(share: float) -> str:
    return f"{LEFT + SIDE * share:.1f}"


def _y(share: float) -> str:
    return f"{TOP + SIDE * (1 - share):.1f}"


def _frame() -> Iterator[str]:
    yield f'<rect class="axis" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>'
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(share)}" y2="{_y(share)}"/>'
        yield f'<text x="{LEFT - 8}" y="{_y(share)}" text-anchor="end" dominant-baseline="middle">{share:.0%}</text>'
        yield f'<text x="{_x(share)}" y="{TOP + SIDE + 18}" text-anchor="middle">{share:.0%}</text>'
    yield f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>'
    words = "confidence; upwards: as the owner filed"
    yield f'<text x="{_x(0.5)}" y="{TOP + SIDE + 38}" text-anchor="middle">{words}</text>'


def _line(index: int, name: str, bins: Sequence[Bin], lines: int) -> Iterator[str]:
    colour = f"c{index % _COLOURS}"
    bins = [each for each in bins if each.count >= LEAST]
    fullest = max((each.count for each in bins), default=1)
    points = " ".join(f"{_x(each.confidence)},{_y(each.right)}" for each in bins)
    yield f'<polyline class="{colour} line" points="{points}"/>'
    for each in bins:
        radius = max(LARGEST * (each.count / fullest) ** 0.5, 1.5)
        yield f'<circle class="{colour}" cx="{_x(each.confidence)}" cy="{_y(each.right)}" r="{radius:.1f}"/>'
    if lines > 1:
        at = TOP + 20 + 22 * index
        yield f'<circle class="{colour}" cx="{LEFT + SIDE + 20}" cy="{at}" r="5"/>'
        yield f'<text x="{LEFT + SIDE + 34}" y="{at}" dominant-baseline="middle">{name}</text>'
