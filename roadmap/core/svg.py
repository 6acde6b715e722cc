"""Drawings as SVG: the trail of cairns, the bar of three tones, the radar of skills.

All functions are pure and return markup with classes only; the style sheets have colours and
widths, so that one drawing serves both themes and the content security policy holds.

The trail is one ordered list of cairns for all widths: the style sheet arranges it from left to
right, or from bottom to top on a phone, and shows one of the two paths behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from roadmap.core.cairn_geometry import (
    format_coordinate,
    pseudo_random,
    render_stone_shapes,
    stack_stones,
)

TONES = ("not_started", "in_progress", "claimed", "evidenced", "verified", "not_applicable")
"""What a stone can look like, from nothing to confirmed; the last is a milestone set aside."""

_CAIRN_STEP = 34
_CAIRN_STEP_COMPACT = 20
_COMPACT_FROM = 6


@dataclass(frozen=True, slots=True)
class Stone:
    """One milestone on the trail: its row's anchor, its title and one of `TONES`."""

    anchor: str
    title: str
    tone: str


@dataclass(frozen=True, slots=True)
class Cairn:
    """One stage on the trail.

    ``href`` is the target of its name, ``facts`` the line below ("8 of 14, 3 verified"), and
    ``here`` the label of the current stage, empty for the others.
    """

    key: str
    title: str
    href: str
    facts: str
    stones: Sequence[Stone]
    here: str = ""


def _render_stones(cairn: Cairn, seed: int, base: str, only: str = "", attributes: str = "") -> str:
    """Render the stones as links.

    On the page with the milestones' rows, the rows hold the titles: repeating them in each of
    80 stones would not compress, because they are too far apart.
    """
    uses = stack_stones(len(cairn.stones), seed)[0]
    return "".join(
        (
            f"<a class=tone-{stone.tone} href={base}#{stone.anchor}{attributes}>"
            f"<title>{escape(stone.title)}</title>{use}</a>"
            if base
            else f"<a class=tone-{stone.tone} href=#{stone.anchor} aria-labelledby={stone.anchor}"
            f"{attributes}>{use}</a>"
        )
        for stone, use in zip(cairn.stones, uses, strict=True)
        if not only or stone.anchor == only
    )


def render_stone(cairn: Cairn, number: int, anchor: str) -> Markup:
    """Render one stone of a cairn, to replace it out of band on a page with the trail.

    ``number`` is the cairn's position on the trail, from 0. Parsers accept an SVG element only
    inside an ``<svg>``, hence the ``<template>``.
    """
    swap = f" hx-swap-oob=\"outerHTML:.trail a[href='#{anchor}']\""
    one = _render_stones(cairn, number, "", anchor, swap)
    return Markup(f"<template><svg>{one}</svg></template>")  # noqa: S704 - titles are escaped


@lru_cache(maxsize=64)
def _wide_path(cairns: int, walked: int) -> str:
    """Render path and contour lines behind cairns side by side, 100 units for each."""
    step = _CAIRN_STEP if cairns <= _COMPACT_FROM else _CAIRN_STEP_COMPACT
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
                - 9 * pseudo_random(index * 5 + line // 3)
                - 7 * math.sin(index * 1.25 + line * 0.42),
            )
            for index in range(-1, cairns + 2)
        ]
        lines.append(_smooth_path(points))
    contours = "".join(f"<path class=trail-contour d='{line}'/>" for line in lines)
    done = f"<path class=trail-walked d='{start}{terrace(0, walked)}H{walked * 100 + 50}'/>"
    return (
        f"<svg class='trail-way wide' viewBox='0 0 {width} {height}' height={height} "
        f"preserveAspectRatio=none aria-hidden=true>{contours}"
        f"<path class=trail-line d='{way}'/>{done}</svg>"
    )


def _smooth_path(points: Sequence[tuple[float, float]]) -> str:
    """Return a smooth curve near the given points, through the middles between them."""
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
def _tall_path(cairns: int, walked: int) -> str:
    """Render the switchbacks behind cairns above each other, 100 units for each."""
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
        f"<svg class='trail-way tall' viewBox='0 0 100 {height}' preserveAspectRatio=none "
        f"aria-hidden=true><path class=trail-line d='{way}'/>"
        f"<path class=trail-walked d='{done}'/></svg>"
    )


def render_trail(cairns: Sequence[Cairn], label: str, base: str = "") -> Markup:
    """Render one cairn per stage and one stone per milestone, for 1 to 10 stages.

    ``label`` names the list. A stone links to ``{base}#{anchor}``: the row on this page, or on
    the roadmap's page where ``base`` points there, in which case the stone's title is the
    milestone's.
    """
    if not cairns:
        return Markup("")
    piles = [stack_stones(len(cairn.stones), number) for number, cairn in enumerate(cairns)]
    width = max(reach for _, reach, _ in piles)
    walked = next((i for i, cairn in enumerate(cairns) if cairn.here), len(cairns) - 1)
    items = []
    for number, (cairn, (_, _, height)) in enumerate(zip(cairns, piles, strict=True)):
        current = " aria-current=step" if cairn.here else ""
        here = f"<span class=trail-here>{escape(cairn.here)}</span>" if cairn.here else ""
        items.append(
            f"<li{current}><svg class=cairn role=group "
            f"viewBox='{-width // 2} {-height} {width} {height}' width={width}>"
            f"{_render_stones(cairn, number, base)}</svg>"
            f"<p class=trail-label>{here}"
            f"<a class=trail-name href={cairn.href}>{escape(cairn.title)}</a>"
            f"<span id=facts-{cairn.key}>{escape(cairn.facts)}</span></p></li>"
        )
    many = " many" if len(cairns) > _COMPACT_FROM else ""
    return Markup(  # noqa: S704 - the label is escaped, the rest are numbers
        f"<div class='trail{many}'>{_STONE_SHAPES}{_wide_path(len(cairns), walked)}"
        f"{_tall_path(len(cairns), walked)}"
        f"<ol aria-label='{escape(label)}'>{''.join(items)}</ol></div>"
    )


def render_tones_bar(claimed: float, evidenced: float, verified: float, label: str) -> Markup:
    """Render the bar of the three tones: shares of a whole, each between 0 and 1."""
    parts = []
    x = 0.0
    for name, share in (("verified", verified), ("evidenced", evidenced), ("claimed", claimed)):
        width = min(max(share, 0.0) * 100, 100 - x)
        if width > 0:
            parts.append(
                f"<rect class=tone-{name} x={format_coordinate(x)}% "
                f"width={format_coordinate(width)}% height=100% />"
            )
            x += width
    return Markup(f"<svg class=meter role=img aria-label='{escape(label)}'>{''.join(parts)}</svg>")  # noqa: S704


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the radar: its class (self, manager or bar), its name, one value per axis.

    A value is between 0 and the radar's maximum, or None.
    """

    kind: str
    name: str
    values: Sequence[float | None]


def render_radar(
    axes: Sequence[str], series: Sequence[Series], title: str, maximum: int = 4
) -> Markup:
    """Render skills around a circle, for three axes or more, with a description in words."""
    centre_x, centre_y, radius = 300, 170, 120

    def at(axis: int, value: float, extra: float = 0) -> tuple[float, float]:
        angle = 2 * math.pi * axis / len(axes) - math.pi / 2
        reach = radius * value / maximum + extra
        return centre_x + reach * math.cos(angle), centre_y + reach * math.sin(angle)

    def outline(values: Sequence[float | None]) -> str:
        corners = (at(axis, value) for axis, value in enumerate(values) if value is not None)
        return " ".join(f"{format_coordinate(x)},{format_coordinate(y)}" for x, y in corners)

    parts = [
        f"<polygon class=ring points='{outline([level] * len(axes))}'/>"
        for level in range(1, maximum + 1)
    ]
    for line in series:
        parts.append(f"<polygon class={line.kind} points='{outline(line.values)}'/>")
        if line.kind != "bar":
            for axis, value in enumerate(line.values):
                if value is not None:
                    x, y = at(axis, value)
                    parts.append(
                        f"<circle class={line.kind} cx={format_coordinate(x)} "
                        f"cy={format_coordinate(y)} r=3.5 />"
                    )
    for axis, name in enumerate(axes):
        x, y = at(axis, maximum, 14)
        anchor = "middle" if abs(x - centre_x) < 8 else "start" if x > centre_x else "end"
        shift = 4 if abs(y - centre_y) < radius else (0 if y < centre_y else 10)
        parts.append(
            f"<text x={format_coordinate(x)} y={format_coordinate(y + shift)} text-anchor={anchor}>"
            f"{escape(name)}</text>"
        )
    said = "; ".join(
        f"{line.name}: "
        + ", ".join(
            f"{axis} {'–' if value is None else f'{value:g}'}"
            for axis, value in zip(axes, line.values, strict=True)
        )
        for line in series
    )
    return Markup(  # noqa: S704 - everything from outside was escaped above
        f"<svg class=radar viewBox='0 0 600 340' role=img aria-label='{escape(title)}'>"
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>{''.join(parts)}</svg>"
    )


_STONE_SHAPES = render_stone_shapes()
