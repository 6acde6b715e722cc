"""Draw the ladder of rooms from the imports: `python -m tools.draw_architecture`.

Writes `docs/images/architecture.svg`: a row for each floor, a box for each room, and a line to each
imported room, except where an indirect import implies it, to keep the picture readable. A test
compares the file with this script's output.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.architecture import FLOORS, imported_rooms

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "architecture.svg"

WIDTH, ROW, BOX_HEIGHT, MARGIN = 960, 76, 32, 24
LETTER = 7.6
STYLE = """
.floor { stroke: #e4e1da; } .box { fill: #ffffff; stroke: #5b6470; }
.name { fill: #1f2328; font: 13px ui-monospace, monospace; text-anchor: middle; }
.import { stroke: #2f5d50; stroke-opacity: .6; fill: none; }
.paper { fill: #fbfaf7; }
@media (prefers-color-scheme: dark) {
.floor { stroke: #30363c; } .box { fill: #1c2024; stroke: #a0a8b2; }
.name { fill: #e8e6e1; } .import { stroke: #7cc4a8; } .paper { fill: #15181b; }
}"""


def draw() -> str:
    """Return the picture as SVG, with the highest floor at the top."""
    floors = list(reversed(FLOORS))
    height = ROW * len(floors) + MARGIN
    centers: dict[str, tuple[float, float]] = {}
    boxes: list[str] = []
    for level, rooms in enumerate(floors):
        y = MARGIN + ROW * level + BOX_HEIGHT / 2
        boxes.append(f'<path class="floor" d="M0 {y + ROW / 2:g}H{WIDTH}"/>')
        for place, room in enumerate(rooms):
            x = WIDTH * (place + 0.5) / len(rooms)
            width = LETTER * len(room) + 24
            centers[room] = (x, y)
            boxes.append(
                f'<rect class="box" x="{x - width / 2:.1f}" y="{y - BOX_HEIGHT / 2:g}" '
                f'width="{width:.1f}" height="{BOX_HEIGHT}" rx="6"/>'
                f'<text class="name" x="{x:.1f}" y="{y + 4.5:g}">{room}</text>'
            )
    lines = [
        f'<path class="import" d="{_curve(centers[room], centers[below])}"/>'
        for room, below in sorted(_without_shortcuts(imported_rooms(ROOT)))
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>The rooms of Cairn on their floors; imports point down</title>\n"
        f"<style>{STYLE}\n</style>\n"
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>\n'
        + "\n".join([*lines, *boxes])
        + "\n</svg>\n"
    )


def _without_shortcuts(imports: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the transitive reduction: the imports not implied by a path through other rooms."""
    below: dict[str, set[str]] = {}
    for room, other in imports:
        below.setdefault(room, set()).add(other)

    def reachable(room: str) -> set[str]:
        direct = below.get(room, set())
        return direct.union(*(reachable(other) for other in direct))

    return {
        (room, other)
        for room, other in imports
        if not any(other in reachable(between) for between in below[room] - {other})
    }


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    top, bottom = start[1] + BOX_HEIGHT / 2, end[1] - BOX_HEIGHT / 2
    bend = (bottom - top) / 2
    return (
        f"M{start[0]:.1f} {top:g}C{start[0]:.1f} {top + bend:g} "
        f"{end[0]:.1f} {bottom - bend:g} {end[0]:.1f} {bottom:g}"
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
