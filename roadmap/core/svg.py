"""The product's drawings: the trail of cairns, the bar of the three tones, the radar of skills.

Everything here is pure and returns ready markup that carries classes only; colours and widths
live in ``static/app.css``, so that one drawing serves both themes and a strict content security
policy. A cairn's geometry depends on nothing but how many milestones its stage has, so it is kept;
what varies from person to person is a class and a title.

The trail is drawn once for all widths. Its cairns are an ordered list that the style sheet lays
out from left to right, or from bottom to top on a phone, and two small paths lie behind it, of
which the style sheet shows the one that fits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

STATES = ("open", "doing", "claimed", "evidenced", "verified", "na")
"""Classes of a stone, from nothing to confirmed; ``na`` is a milestone set aside."""

# A stone's width and height by size, in units of the drawing (about one pixel).
_SIZES = ((40, 20), (33, 18), (26, 15))
_VARIANTS = 2
_CORNERS = 7
_NOTCH = "<path class=n d='M6-10q1-4 6-5'/>"
_STEP = 34
_STEP_OF_MANY = 20
_MANY = 6


@dataclass(frozen=True, slots=True)
class Stone:
    """One milestone on the trail: its row's anchor, its title and one of `STATES`."""

    anchor: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Cairn:
    """One stage on the trail.

    ``href`` is where its name leads, ``facts`` the line below it ("8 of 14, 3 verified"), and
    ``here`` the words that mark the stage one works in, empty for the others.
    """

    key: str
    title: str
    href: str
    facts: str
    stones: Sequence[Stone]
    here: str = ""


def _wobble(seed: int) -> float:
    """A fixed, well spread number between -1 and 1 for a seed."""
    value = math.sin(seed * 12.9898 + 4.1414) * 43758.5453
    return 2 * (value - math.floor(value)) - 1


def _n(value: float) -> str:
    """A coordinate with one decimal at most and nothing superfluous."""
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0.", "-.").removeprefix("0") or "0"


def _outline(width: float, height: float, seed: int) -> str:
    """The path of an irregular pebble that fills a box standing on y = 0, flatter below than above."""
    corners = []
    for index in range(_CORNERS):
        angle = 2 * math.pi * (index + 0.5) / _CORNERS + 0.16 * _wobble(seed + index)
        reach = 1.1 + 0.11 * _wobble(seed * 7 + index)
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
    path = [f"M{_n(start[0] + centre_x)} {_n(start[1] + centre_y)}"]
    previous = start
    for index, corner in enumerate(corners):
        following = middles[(index + 1) % _CORNERS]
        path.append(
            f"q{_n(corner[0] - previous[0])} {_n(corner[1] - previous[1])} "
            f"{_n(following[0] - previous[0])} {_n(following[1] - previous[1])}"
        )
        previous = following
    return "".join(path) + "z"


def _stone_shapes() -> str:
    """The handful of pebbles that all stones are made of, each with its notch of light."""
    shapes = []
    for size, (width, height) in enumerate(_SIZES):
        for variant in range(_VARIANTS):
            outline = _outline(width - 1.5, height - 1, 17 * size + 5 * variant + 3)
            shapes.append(f"<g id=k{size}{variant}><path d='{outline}'/>{_NOTCH}</g>")
    return f"<svg class=defs width=0 height=0 aria-hidden=true><defs>{''.join(shapes)}</defs></svg>"


def _courses(count: int) -> list[int]:
    """How many stones lie in each course of a cairn, from the ground up.

    The courses taper as a pile does, none is wider than the one below it, and from three stones
    on a single one crowns the rest.
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
def _pile(count: int, seed: int) -> tuple[tuple[str, ...], int, int]:
    """The stones of a cairn as ``<use>`` elements in order, its width and its height in units.

    Coordinates have the cairn's middle at x = 0 and the ground at y = 0; up is negative.
    """
    uses: list[str] = []
    ground = 0.0
    reach = 0.0
    courses = _courses(count)
    for level, size in enumerate(courses):
        share = level / max(1, len(courses) - 1)
        chosen = []
        for place in range(size):
            roll = _wobble(seed * 101 + level * 17 + place)
            index = min(2, max(0, round(share * 1.7 - 0.15 + roll * 0.75)))
            chosen.append((index, int((_wobble(seed * 31 + level * 7 + place * 3) + 1) * _VARIANTS * 0.499)))
        # The stone that crowns a cairn sits broad and quiet.
        if size == 1 and count > 1:
            chosen = [(1, chosen[0][1])]
        width = sum(_SIZES[index][0] for index, _ in chosen)
        x = -width / 2 + 3 * _wobble(seed * 13 + level)
        reach = max(reach, width / 2 + 3)
        tallest = max(_SIZES[index][1] for index, _ in chosen)
        for index, variant in chosen:
            uses.append(f"<use href=#k{index}{variant} x={round(x)} y={round(ground)} />")
            x += _SIZES[index][0]
        ground -= tallest - 2.2 if size > 1 else tallest - 1
    return tuple(uses), math.ceil(reach * 2), math.ceil(-ground) + 3


def _stones(cairn: Cairn, seed: int, base: str, only: str = "", attributes: str = "") -> str:
    uses = _pile(len(cairn.stones), seed)[0]
    return "".join(
        f"<a class={stone.state} href={base}#{stone.anchor}{attributes}>"
        f"<title>{escape(stone.title)}</title>{use}</a>"
        for stone, use in zip(cairn.stones, uses, strict=True)
        if not only or stone.anchor == only
    )


def stone(cairn: Cairn, number: int, anchor: str) -> Markup:
    """One stone of a cairn again, to replace it out of band on a page that shows the trail.

    ``number`` is the cairn's place on the trail, from 0. The ``<template>`` is there because a
    parser takes an SVG element for one only below an ``<svg>``.
    """
    swap = f" hx-swap-oob=\"outerHTML:.trail a[href='#{anchor}']\""
    one = _stones(cairn, number, "", anchor, swap)
    return Markup(f"<template><svg>{one}</svg></template>")  # noqa: S704 - titles are escaped


@lru_cache(maxsize=64)
def _wide_way(cairns: int, walked: int) -> str:
    """Path and contour lines behind cairns that stand side by side, 100 units for each."""
    step = _STEP if cairns <= _MANY else _STEP_OF_MANY
    head = 190
    height = head + (cairns - 1) * step
    width = cairns * 100

    def terrace(first: int, last: int) -> str:
        parts = []
        for index in range(first, last):
            x, y = index * 100 + 50, height - index * step
            parts.append(f"H{x + 34}C{x + 52} {y} {x + 48} {y - step} {x + 66} {y - step}")
        return "".join(parts)

    start = f"M0 {height + 16}C14 {height + 12} 10 {height} 22 {height}"
    end = f"H{width - 24}C{width - 14} {height - (cairns - 1) * step} {width - 10} "
    end += f"{height - (cairns - 1) * step - 12} {width} {height - (cairns - 1) * step - 20}"
    way = start + terrace(0, cairns - 1) + end
    lines = []
    for line in range(-1, 5):
        rise = line * 33 - 8
        points = [
            (
                100 * index,
                height
                - (index - 0.5) * step * (1 + 0.05 * line)
                - rise
                - 9 * _wobble(index * 5 + line // 3)
                - 7 * math.sin(index * 1.25 + line * 0.42),
            )
            for index in range(-1, cairns + 2)
        ]
        lines.append(_smooth(points))
    contours = "".join(f"<path class=contour d='{line}'/>" for line in lines)
    done = f"<path class=walked d='{start}{terrace(0, walked)}H{walked * 100 + 50}'/>"
    return (
        f"<svg class='way wide' viewBox='0 0 {width} {height}' height={height} "
        f"preserveAspectRatio=none aria-hidden=true>{contours}<path class=path d='{way}'/>{done}</svg>"
    )


def _smooth(points: Sequence[tuple[float, float]]) -> str:
    """A soft curve near the given points, through the middles between them."""
    middle_x, middle_y = ((points[0][i] + points[1][i]) / 2 for i in (0, 1))
    path = [f"M{round(middle_x)} {round(middle_y)}"]
    for index in range(1, len(points) - 1):
        x, y = points[index]
        next_x, next_y = (x + points[index + 1][0]) / 2, (y + points[index + 1][1]) / 2
        path.append(
            f"q{round(x - middle_x)} {round(y - middle_y)} "
            f"{round(next_x - middle_x)} {round(next_y - middle_y)}"
        )
        middle_x, middle_y = round(next_x), round(next_y)
    return "".join(path)


@lru_cache(maxsize=64)
def _tall_way(cairns: int, walked: int) -> str:
    """The switchbacks behind cairns that stand above each other, 100 units for each."""
    height = cairns * 100

    def bends(first: int, last: int) -> str:
        parts = []
        for index in range(first, last):
            y = height - index * 100
            edge, out = (90, 104) if index % 2 == 0 else (10, -4)
            parts.append(f"H{edge}C{out} {y} {out} {y - 100} {edge} {y - 100}")
        return "".join(parts)

    def middle(index: int) -> int:
        return 28 if index % 2 == 0 else 72

    last = cairns - 1
    way = f"M0 {height}{bends(0, last)}H{100 if last % 2 == 0 else 0}"
    done = f"M0 {height}{bends(0, walked)}H{middle(walked)}"
    return (
        f"<svg class='way tall' viewBox='0 0 100 {height}' preserveAspectRatio=none "
        f"aria-hidden=true><path class=path d='{way}'/><path class=walked d='{done}'/></svg>"
    )


def trail(cairns: Sequence[Cairn], label: str, base: str = "") -> Markup:
    """The path through one cairn a stage, one stone a milestone, for 1 to 10 stages.

    ``label`` names the list. A stone links to ``{base}#{anchor}``: the row on this page, or on the
    roadmap's where ``base`` leads there. Its title is the milestone's alone, because the row it
    leads to tells the state, and 80 of them weigh.
    """
    if not cairns:
        return Markup("")
    piles = [_pile(len(cairn.stones), number) for number, cairn in enumerate(cairns)]
    width = max(pile[1] for pile in piles)
    walked = next((i for i, cairn in enumerate(cairns) if cairn.here), len(cairns) - 1)
    items = []
    for number, (cairn, pile) in enumerate(zip(cairns, piles, strict=True)):
        current = " aria-current=step" if cairn.here else ""
        here = f"<em>{escape(cairn.here)}</em>" if cairn.here else ""
        items.append(
            f"<li{current}><svg viewBox='{-width // 2} {-pile[2]} {width} {pile[2]}' "
            f"width={width}>{_stones(cairn, number, base)}</svg>"
            f"<p>{here}<a href={cairn.href}>{escape(cairn.title)}</a>"
            f"<span id=f-{cairn.key}>{escape(cairn.facts)}</span></p></li>"
        )
    many = " many" if len(cairns) > _MANY else ""
    return Markup(  # noqa: S704 - everything from outside was escaped above
        f"<div class='trail{many}'>{_SHAPES}{_wide_way(len(cairns), walked)}"
        f"{_tall_way(len(cairns), walked)}<ol aria-label='{escape(label)}'>{''.join(items)}</ol></div>"
    )


def tones_bar(claimed: float, evidenced: float, verified: float, label: str) -> Markup:
    """The bar of the three tones: exclusive shares of one whole, each between 0 and 1."""
    parts = []
    x = 0.0
    for name, share in (("v", verified), ("e", evidenced), ("c", claimed)):
        width = min(max(share, 0.0) * 100, 100 - x)
        if width > 0:
            parts.append(f"<rect class={name} x={_n(x)}% width={_n(width)}% height=100% />")
            x += width
    return Markup(  # noqa: S704 - the label is escaped, the rest are numbers
        f"<svg class=meter role=img aria-label='{escape(label)}'>{''.join(parts)}</svg>"
    )


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the radar: its class (self, manager or bar), its name, a value an axis.

    A value is between 0 and the radar's maximum; None where nothing was said.
    """

    kind: str
    name: str
    values: Sequence[float | None]


def radar(axes: Sequence[str], series: Sequence[Series], title: str, maximum: int = 4) -> Markup:
    """Skills around a circle, drawn for three axes or more, with a description in words."""
    centre_x, centre_y, radius = 260, 170, 120

    def at(axis: int, value: float, extra: float = 0) -> tuple[float, float]:
        angle = 2 * math.pi * axis / len(axes) - math.pi / 2
        reach = radius * value / maximum + extra
        return centre_x + reach * math.cos(angle), centre_y + reach * math.sin(angle)

    def outline(values: Sequence[float]) -> str:
        return " ".join(
            f"{_n(x)},{_n(y)}" for x, y in (at(axis, value) for axis, value in enumerate(values))
        )

    parts = [
        f"<polygon class=ring points='{outline([level] * len(axes))}'/>"
        for level in range(1, maximum + 1)
    ]
    for line in series:
        known = [0 if value is None else value for value in line.values]
        parts.append(f"<polygon class={line.kind} points='{outline(known)}'/>")
        if line.kind != "bar":
            for axis, value in enumerate(line.values):
                if value is not None:
                    x, y = at(axis, value)
                    parts.append(f"<circle class={line.kind} cx={_n(x)} cy={_n(y)} r=3.5 />")
    for axis, name in enumerate(axes):
        x, y = at(axis, maximum, 14)
        anchor = "middle" if abs(x - centre_x) < 8 else "start" if x > centre_x else "end"
        shift = 4 if abs(y - centre_y) < radius else (0 if y < centre_y else 10)
        parts.append(
            f"<text x={_n(x)} y={_n(y + shift)} text-anchor={anchor}>{escape(name)}</text>"
        )
    said = "; ".join(
        f"{line.name}: "
        + ", ".join(
            f"{axis} {'–' if value is None else f'{value:g}'}"
            for axis, value in zip(axes, line.values, strict=True)
        )
        for line in series
    )
    return Markup(  # noqa: S704 - names are escaped, the rest are numbers
        f"<svg class=radar viewBox='0 0 520 340' role=img aria-label='{escape(title)}'>"
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>{''.join(parts)}</svg>"
    )


_SHAPES = _stone_shapes()
