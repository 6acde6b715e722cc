"""Render SVG: the trail of cairns, and stacked bars.

The markup carries classes only, so that it works in both themes. The style sheet arranges the
cairns from left to right, or from bottom to top on a phone, and shows the matching one of the two
paths behind them. All pseudo-random numbers are deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from markupsafe import Markup, escape

from roadmap.core.charts import coordinate

TONES = ("not_started", "in_progress", "claimed", "evidenced", "verified", "not_applicable")
"""Appearances of a stone, from not started to verified. The last is for excluded milestones."""

_MIN_COMPACT_CAIRNS = 6

# Outlines of the stones, two per size. They rest on y = 0.
_STONE_OUTLINES = {
    "00": "M38 -8.9q-.9 6.7 -11.9 7.9q-11 1.2 -19.2 -.8q-8.3 -2 -6.8 -8.1q1.5 -6.1 7.3 -8.1q5.8 "
    "-1.9 18.6 .3q12.9 2.2 12 8.9z",
    "01": "M37.7 -9.5q.2 7.4 -7.6 8.5q-7.8 1.2 -19.2 .2q-11.4 -.9 -11.3 -7.9q.1 -6.9 12.9 "
    "-9.3q12.8 -2.4 18.9 -.7q6.1 1.7 6.3 9.1z",
    "10": "M32 -9.3q-.6 5.5 -6.9 7.5q-6.3 2 -16.1 .6q-9.8 -1.3 -10.1 -7.7q-.3 -6.4 6.2 -7.2q6.4 "
    "-.8 16.9 .3q10.5 1.1 9.9 6.6z",
    "11": "M30.2 -8.7q.8 6.1 -6 7.5q-6.8 1.3 -16.3 -.1q-9.4 -1.5 -8.3 -7.6q1.1 -6.2 11.2 "
    "-7.5q10.1 -1.3 14.3 .2q4.2 1.5 5.1 7.6z",
    "20": "M24.4 -6.6q.3 5.3 -4.8 6q-5 .7 -12.7 -.7q-7.7 -1.4 -7.9 -6.3q-.2 -4.9 8.2 -5.9q8.4 -1 "
    "12.7 .3q4.3 1.3 4.6 6.6z",
    "21": "M24.1 -7.5q-.5 5.1 -7 6.4q-6.6 1.3 -12.1 -.2q-5.5 -1.5 -5.1 -5.7q.3 -4.2 4.4 -5.7q4 "
    "-1.5 12.2 -.7q8.1 .9 7.7 6z",
}
_NOTCH = "<path class=notch d='M6-10q1-4 6-5'/>"
# A stone's width and height by size, in SVG units (about one pixel).
_SIZES = ((40, 20), (33, 18), (26, 15))
_DASHES = [f"<path class=dash d='M{width // 2 - 4}-{height // 2}h8'/>" for width, height in _SIZES]
_STONE_SHAPES = (
    "<svg class=svg-defs width=0 height=0 aria-hidden=true><defs>"
    + "".join(
        f"<g id=k{key}><path d='{line}'/>{_NOTCH}{_DASHES[int(key[0])]}</g>"
        for key, line in _STONE_OUTLINES.items()
    )
    + "</defs></svg>"
)
_VARIANTS = 2


@dataclass(frozen=True, slots=True)
class Stone:
    """A milestone on the trail: its row's anchor, its title and one of `TONES`."""

    anchor: str
    title: str
    tone: str


@dataclass(frozen=True, slots=True)
class Cairn:
    """A stage on the trail.

    `href` is the link of its name, `facts` the line below ("8 of 14, 3 verified"), and `here` the
    label of the current stage, empty for the others.
    """

    key: str
    title: str
    href: str
    facts: str
    stones: Sequence[Stone]
    here: str = ""


def _pseudo_random(seed: int) -> float:
    """Return a deterministic number between -1 and 1, uniformly distributed over seeds."""
    value = math.sin(seed * 12.9898 + 4.1414) * 43758.5453
    return 2 * (value - math.floor(value)) - 1


def _stones_per_layer(count: int) -> list[int]:
    """Return the stones per layer from the ground up, with a single stone on top."""
    if count < 3:
        return [1] * count
    rows = round(math.sqrt(1.9 * count)) - 1
    weights = [rows - 0.75 * row for row in range(rows)]
    total = sum(weights)
    layers: list[int] = []
    for cumulated in accumulate(weights):
        layers.append(round((count - 1) * cumulated / total) - sum(layers))
    return [*(size for size in sorted(layers, reverse=True) if size), 1]


@lru_cache(maxsize=512)
def _stack_stones(count: int, seed: int) -> tuple[tuple[str, ...], int, int]:
    """Return the stones of a cairn as `<use>` elements, and its width and height in SVG units.

    The cairn is centred at x = 0 on the ground y = 0. Up is negative.
    """
    uses: list[str] = []
    ground = reach = 0.0
    layers = _stones_per_layer(count)
    for level, size in enumerate(layers):
        share = level / max(1, len(layers) - 1)
        chosen = []
        for place in range(size):
            roll = _pseudo_random(seed * 101 + level * 17 + place)
            other_roll = _pseudo_random(seed * 31 + level * 7 + place * 3)
            index = min(2, max(0, round(share * 1.7 - 0.15 + roll * 0.75)))
            chosen.append((index, int((other_roll + 1) * _VARIANTS * 0.499)))
        if size == 1 and count > 1:
            chosen = [(1, chosen[0][1])]  # The top stone is of medium size.
        width = sum(_SIZES[index][0] for index, _ in chosen)
        x = -width / 2 + 3 * _pseudo_random(seed * 13 + level)
        reach = max(reach, width / 2 + 3)
        tallest = max(_SIZES[index][1] for index, _ in chosen)
        for index, variant in chosen:
            uses.append(f"<use href=#k{index}{variant} x={round(x)} y={round(ground)} />")
            x += _SIZES[index][0]
        ground -= tallest - 2.2 if size > 1 else tallest - 1
    return tuple(uses), math.ceil(reach * 2), math.ceil(-ground) + 3


def _render_stones(cairn: Cairn, seed: int, base: str, only: str = "", attributes: str = "") -> str:
    """Render the stones as links, or with `only` the one stone with this anchor.

    Without `base`, the rows on the same page label the links.
    """
    parts = []
    for stone, use in zip(cairn.stones, _stack_stones(len(cairn.stones), seed)[0], strict=True):
        if not only or stone.anchor == only:
            title = f"<title>{escape(stone.title)}</title>" if base else ""
            label = "" if base else f" aria-labelledby={stone.anchor}"
            link = f"<a class=tone-{stone.tone} href={base}#{stone.anchor}{label}{attributes}>"
            parts.append(f"{link}{title}{use}</a>")
    return "".join(parts)


def render_stone(cairn: Cairn, number: int, anchor: str, base: str = "") -> Markup:
    """Render one stone of a cairn as an out-of-band swap for a page with the trail.

    `number` is the cairn's position on the trail, from 0. The template and `<svg>` are needed
    because parsers accept SVG elements only inside an `<svg>`. The swap does not depend on `base`,
    which a filter may have changed on the page meanwhile.
    """
    swap = f" hx-swap-oob=\"outerHTML:.trail a[href$='#{anchor}']\""
    one = _render_stones(cairn, number, base, anchor, swap)
    return Markup(f"<template><svg>{one}</svg></template>")  # noqa: S704 - titles are escaped


@lru_cache(maxsize=64)
def _wide_path(cairns: int, reached: int) -> str:
    """Render the path and contour lines for the horizontal layout, 100 units per cairn."""
    step = 34 if cairns <= _MIN_COMPACT_CAIRNS else 20
    head = 190
    height = head + (cairns - 1) * step
    width = cairns * 100

    def terrace_path(last: int) -> str:
        parts = []
        for index in range(last):
            x, y = index * 100 + 50, height - index * step
            parts.append(f"H{x + 34}C{x + 52} {y} {x + 48} {y - step} {x + 66} {y - step}")
        return "".join(parts)

    start = f"M0 {height + 16}C14 {height + 12} 10 {height} 22 {height}"
    end = f"H{width - 24}C{width - 14} {head} {width - 10} {head - 12} {width} {head - 20}"
    way = start + terrace_path(cairns - 1) + end
    lines = []
    for line in range(-1, 5):
        rise = line * 33 - 8
        points = []
        for index in range(-1, cairns + 2):
            slope = (index - 0.5) * step * (1 + 0.05 * line)
            noise = 9 * _pseudo_random(index * 5 + line // 3)
            wave = 7 * math.sin(index * 1.25 + line * 0.42)
            points.append((100 * index, height - slope - rise - noise - wave))
        lines.append(_smooth_path(points))
    contours = "".join(f"<path class=trail-contour d='{line}'/>" for line in lines)
    done = f"<path class=trail-walked d='{start}{terrace_path(reached)}H{reached * 100 + 50}'/>"
    return (
        f"<svg class='trail-way wide' viewBox='0 0 {width} {height}' height={height} "
        f"preserveAspectRatio=none aria-hidden=true>{contours}"
        f"<path class=trail-line d='{way}'/>{done}</svg>"
    )


def _smooth_path(points: Sequence[tuple[float, float]]) -> str:
    """Return a smooth curve through the midpoints of the given points."""
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
def _tall_path(cairns: int, reached: int) -> str:
    """Render the switchback path for the vertical layout, 100 units per cairn."""
    height = cairns * 100

    def bend_path(last: int) -> str:
        parts = []
        for index in range(last):
            y = height - index * 100
            edge, out = (90, 104) if index % 2 == 0 else (10, -4)
            parts.append(f"H{edge}C{out} {y} {out} {y - 100} {edge} {y - 100}")
        return "".join(parts)

    last = cairns - 1
    way = f"M0 {height}{bend_path(last)}H{100 if last % 2 == 0 else 0}"
    done = f"M0 {height}{bend_path(reached)}H{72 if reached % 2 else 28}"
    return (
        f"<svg class='trail-way tall' viewBox='0 0 100 {height}' preserveAspectRatio=none "
        f"aria-hidden=true><path class=trail-line d='{way}'/>"
        f"<path class=trail-walked d='{done}'/></svg>"
    )


def render_trail(cairns: Sequence[Cairn], label: str, base: str = "") -> Markup:
    """Render the trail: a cairn per stage and a stone per milestone, for at most 10 stages.

    `label` names the list. A stone links to `{base}#{anchor}`, a row on this page or on the
    roadmap's page, in which case the stone has the milestone's title.
    """
    if not cairns:
        return Markup("")
    piles = [_stack_stones(len(cairn.stones), number) for number, cairn in enumerate(cairns)]
    width = max(reach for _, reach, _ in piles)
    reached = next((i for i, cairn in enumerate(cairns) if cairn.here), len(cairns) - 1)
    items = []
    for number, (cairn, (_, _, height)) in enumerate(zip(cairns, piles, strict=True)):
        current = " aria-current=step" if cairn.here else ""
        here = f"<span class=trail-here>{escape(cairn.here)}</span>" if cairn.here else ""
        items.append(
            f"<li{current}><svg class=cairn role=group "
            f"viewBox='{-width // 2} {-height} {width} {height}' width={width}>"
            f"<g id=pile-{cairn.key} class=pile>{_render_stones(cairn, number, base)}</g></svg>"
            f"<p class=trail-label>{here}"
            f"<a class=trail-name href={cairn.href}>{escape(cairn.title)}</a>"
            f"<span id=facts-{cairn.key}>{escape(cairn.facts)}</span></p></li>"
        )
    many = " many" if len(cairns) > _MIN_COMPACT_CAIRNS else ""
    return Markup(  # noqa: S704 - the label is escaped, the rest are numbers
        f"<div class='trail{many}'>{_STONE_SHAPES}{_wide_path(len(cairns), reached)}"
        f"{_tall_path(len(cairns), reached)}"
        f"<ol aria-label='{escape(label)}'>{''.join(items)}</ol></div>"
    )


def render_compact_trail(
    cairns: Sequence[Cairn], base: str = "", *, reuses_trail: bool = True
) -> Markup:
    """Render a sticky row of small cairns as links to the stages.

    With `reuses_trail`, the full trail is on the page and its cairns are reused, so that both
    change together. Otherwise the stones are rendered here.
    """
    items = []
    for number, cairn in enumerate(cairns):
        current = " aria-current=step" if cairn.here else ""
        items.append(
            # Inert, because the copied links of each stone would be tab stops.
            f"<li{current}><a href='{base}#{cairn.key}' title='{escape(cairn.title)}'>"
            f"<span inert>{render_small_cairn(cairn, number, reuses_trail=reuses_trail)}</span>"
            f"<span class=sr-only>{escape(cairn.title)}</span></a></li>"
        )
    shapes = "" if reuses_trail else _STONE_SHAPES
    return Markup(f"{shapes}<ol class=trail-small>{''.join(items)}</ol>")  # noqa: S704 - escaped


def render_small_cairn(
    cairn: Cairn, number: int, *, reuses_trail: bool = False, attributes: str = ""
) -> Markup:
    """Render one cairn of the compact trail. `number` is its position, from 0."""
    uses, width, height = _stack_stones(len(cairn.stones), number)
    stones = f"<use href=#pile-{cairn.key} />"
    if not reuses_trail:
        pairs = zip(cairn.stones, uses, strict=True)
        stones = "".join(f"<g class=tone-{stone.tone}>{use}</g>" for stone, use in pairs)
        stones = f"<g class=pile>{stones}</g>"
    return Markup(  # noqa: S704 - numbers and keys
        f"<svg id=small-{cairn.key} viewBox='{-width // 2} {-height} {width} {height}' "
        f"aria-hidden=true{attributes}>{stones}</svg>"
    )


def render_tones_bar(claimed: float, evidenced: float, verified: float, label: str) -> Markup:
    """Render a stacked bar of the three tones. Shares are between 0 and 1."""
    parts = (("tone-verified", verified), ("tone-evidenced", evidenced), ("tone-claimed", claimed))
    return render_shares(parts, label, kind="meter")


def render_shares(
    parts: Sequence[tuple[str, float]],
    label: str = "",
    mark: float | None = None,
    *,
    kind: str = "shares",
) -> Markup:
    """Render a stacked bar from pairs of CSS class and share, between 0 and 1.

    `mark` is the position of a marker line. Without a label, the bar is hidden from screen readers.
    """
    shapes = []
    x = 0.0
    for name, share in parts:
        width = min(max(share, 0.0) * 100, 100 - x)
        if width > 0:
            place = f"x={coordinate(x)}% width={coordinate(width)}%"
            shapes.append(f"<rect class={name} {place} height=100% />")
            x += width
    if mark is not None and 0 < mark <= 1:
        place = f"{coordinate(mark * 100)}%"
        shapes.append(f"<line class=share-mark x1={place} x2={place} y1=0 y2=100% />")
    label_attributes = f"role=img aria-label='{escape(label)}'" if label else "aria-hidden=true"
    bar = f"<svg class={kind} {label_attributes}>{''.join(shapes)}</svg>"
    return Markup(bar)  # noqa: S704 - the label is escaped, the classes are ours
