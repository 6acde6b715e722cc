"""Geometry of a cairn: how its stones are stacked, without their meaning.

The stack depends only on the number of stones and the position of the cairn on the trail. All
numbers that look random come from a fixed function.
"""

from __future__ import annotations

import math
from functools import lru_cache

# A stone's width and height by size, in units of the drawing (about one pixel).
_SIZES = ((40, 20), (33, 18), (26, 15))
_VARIANTS = 2
_CORNERS = 6
_NOTCH = "<path class=notch d='M6-10q1-4 6-5'/>"


def pseudo_random(seed: int) -> float:
    """Return a fixed, evenly spread number between -1 and 1 for a seed."""
    value = math.sin(seed * 12.9898 + 4.1414) * 43758.5453
    return 2 * (value - math.floor(value)) - 1


def format_coordinate(value: float) -> str:
    """Format a coordinate with at most one decimal and no superfluous characters."""
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0.", "-.").removeprefix("0") or "0"


def _outline(width: float, height: float, seed: int) -> str:
    """Return the path of an irregular pebble in a box on y = 0, flatter at the bottom."""
    corners = []
    for index in range(_CORNERS):
        angle = 2 * math.pi * (index + 0.5) / _CORNERS + 0.16 * pseudo_random(seed + index)
        reach = 1.1 + 0.11 * pseudo_random(seed * 7 + index)
        squareness = 0.62
        x = math.copysign(abs(math.cos(angle)) ** squareness, math.cos(angle)) * reach
        y = math.copysign(abs(math.sin(angle)) ** squareness, math.sin(angle)) * reach
        corners.append((x * width / 2, min(y, 1.02) * height / 2))
    centre_x, centre_y = width / 2, -height / 2
    middles = [
        ((x + corners[i - 1][0]) / 2, (y + corners[i - 1][1]) / 2)
        for i, (x, y) in enumerate(corners)
    ]
    start = middles[0]
    path = [f"M{format_coordinate(start[0] + centre_x)} {format_coordinate(start[1] + centre_y)}"]
    previous = start
    for index, corner in enumerate(corners):
        following = middles[(index + 1) % _CORNERS]
        path.append(
            "q"
            + " ".join(
                format_coordinate(point[axis] - previous[axis])
                for point in (corner, following)
                for axis in (0, 1)
            )
        )
        previous = following
    return "".join(path) + "z"


def render_stone_shapes() -> str:
    """Render the definitions of the few pebbles that all stones are drawn with."""
    shapes = []
    for size, (width, height) in enumerate(_SIZES):
        for variant in range(_VARIANTS):
            outline = _outline(width - 1.5, height - 1, 17 * size + 5 * variant + 3)
            shapes.append(f"<g id=k{size}{variant}><path d='{outline}'/>{_NOTCH}</g>")
    return (
        "<svg class=svg-defs width=0 height=0 aria-hidden=true>"
        f"<defs>{''.join(shapes)}</defs></svg>"
    )


def _stones_per_course(count: int) -> list[int]:
    """Return the number of stones in each course of a cairn, from the ground up.

    Courses taper: none is wider than the one below, and from three stones on a single stone is
    on top.
    """
    if count < 3:
        return [1] * count
    rows = round(math.sqrt(1.9 * count)) - 1
    weights = [rows - 0.75 * row for row in range(rows)]
    total = sum(weights)
    courses: list[int] = []
    cumulated = 0.0
    for weight in weights:
        cumulated += weight
        courses.append(round((count - 1) * cumulated / total) - sum(courses))
    return [*(size for size in sorted(courses, reverse=True) if size), 1]


@lru_cache(maxsize=512)
def stack_stones(count: int, seed: int) -> tuple[tuple[str, ...], int, int]:
    """Return the stones of a cairn as ``<use>`` elements, its width and its height in units.

    The middle of the cairn is at x = 0 and the ground at y = 0; up is negative.
    """
    uses: list[str] = []
    ground = 0.0
    reach = 0.0
    courses = _stones_per_course(count)
    for level, size in enumerate(courses):
        share = level / max(1, len(courses) - 1)
        chosen = []
        for place in range(size):
            roll = pseudo_random(seed * 101 + level * 17 + place)
            index = min(2, max(0, round(share * 1.7 - 0.15 + roll * 0.75)))
            chosen.append(
                (
                    index,
                    int((pseudo_random(seed * 31 + level * 7 + place * 3) + 1) * _VARIANTS * 0.499),
                )
            )
        # The top stone is a broad one.
        if size == 1 and count > 1:
            chosen = [(1, chosen[0][1])]
        width = sum(_SIZES[index][0] for index, _ in chosen)
        x = -width / 2 + 3 * pseudo_random(seed * 13 + level)
        reach = max(reach, width / 2 + 3)
        tallest = max(_SIZES[index][1] for index, _ in chosen)
        for index, variant in chosen:
            uses.append(f"<use href=#k{index}{variant} x={round(x)} y={round(ground)} />")
            x += _SIZES[index][0]
        ground -= tallest - 2.2 if size > 1 else tallest - 1
    return tuple(uses), math.ceil(reach * 2), math.ceil(-ground) + 3
