"""Render SVG charts: lines over time, the days of a year, a radar.

The charts carry classes only and do not depend on colour: areas differ by hatching, lines by
dashes and the name at their end, days by the size of their squares.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup, escape

# Size of the line chart and edges of its plot area, in SVG units.
_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 450, 34, 282
# Minimum distance between line names. Leaves room for large text on a phone.
_NAME_GAP = 21
# Size of a day's cell, and (minimum number of changes, side of the square).
_CELL = 13
_SQUARES = ((8, 11), (4, 9), (2, 6), (1, 3))


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its CSS class, its name and a value per day or axis, None where unknown.

    `is_area` fills the area below the line. Areas are drawn in the order of the lines.
    """

    kind: str
    name: str
    values: Sequence[float | None]
    is_area: bool = False


def render_lines(
    days: Sequence[dt.date],
    lines: Sequence[Line],
    *,
    title: str,
    description: str,
    values: Sequence[tuple[float, str]],
    dates: Sequence[tuple[dt.date, str]],
    marks: Sequence[tuple[dt.date, str]] = (),
) -> Markup:
    """Render step lines: each value holds until the next day. Needs at least two days.

    `values` and `dates` are the axis ticks in ascending order. `marks` are days with a labelled
    vertical line. The last mark may extend the time axis.
    """
    begin = days[0]
    span = (max([days[-1], *(day for day, _text in marks)]) - begin).days or 1
    top = values[-1][0] or 1

    def x(day: dt.date) -> int:
        return _LEFT + round((_RIGHT - _LEFT) * (day - begin).days / span)

    def y(value: float) -> int:
        return _BOTTOM - round((_BOTTOM - _TOP) * min(value, top) / top)

    parts = [
        f"<path class=grid d='M{_LEFT} {y(value)}H{_RIGHT}'/>"
        f"<text x={_LEFT - 6} y={y(value) + 4} text-anchor=end>{escape(text)}</text>"
        for value, text in values
    ]
    for day, text in dates:
        anchor = {_LEFT: "start", _RIGHT: "end"}.get(x(day), "middle")
        parts.append(
            f"<path class=grid d='M{x(day)} {_BOTTOM}v5'/>"
            f"<text x={x(day)} y={_HEIGHT - 14} text-anchor={anchor}>{escape(text)}</text>"
        )
    outlines, areas = [], []
    for line in lines:
        for run in _known_runs(days, line.values):
            corners = [(x(day), y(value)) for day, value in run]
            path, (left, down) = _step_path(corners), corners[0]
            if line.is_area:
                areas.append(f"<path class='area {line.kind}' d='{path}V{_BOTTOM}H{left}z'/>")
            outlines.append(f"<path class='line {line.kind}' d='{path}'/>")
            if len(corners) == 1:
                outlines.append(f"<circle class={line.kind} cx={left} cy={down} r=3 />")
    names = [(y(line.values[-1]), line.name) for line in lines if line.values[-1] is not None]
    if marks:
        # The names are to the right of the marks, so leaders connect them to their lines.
        parts += [f"<path class=grid d='M{x(days[-1])} {down}H{_RIGHT}'/>" for down, _name in names]
    for place, (day, text) in enumerate(marks):
        # Labels go left of their line, except the last, so that two close marks do not overlap.
        anchor = "start" if place and place == len(marks) - 1 else "end"
        outlines.append(
            f"<path class=mark d='M{x(day)} {_BOTTOM}V{_TOP - 6}'/>"
            f"<text class=mark x={x(day)} y={_TOP - 12} text-anchor={anchor}>{escape(text)}</text>"
        )
    for down, name in _space_names_apart(names):
        parts.append(f"<text class=name x={_RIGHT + 8} y={down + 4}>{escape(name)}</text>")
    return _drawing("chart", _WIDTH, _HEIGHT, title, description, [*areas, *parts, *outlines])


def _known_runs(
    days: Sequence[dt.date], values: Sequence[float | None]
) -> Iterator[list[tuple[dt.date, float]]]:
    """Yield each run of days with known values."""
    for is_known, run in groupby(zip(days, values, strict=True), lambda pair: pair[1] is not None):
        if is_known:
            yield [(day, value or 0) for day, value in run]


def _step_path(corners: Sequence[tuple[int, int]]) -> str:
    """Return the path of steps through these corners."""
    (left, top), steps = corners[0], pairwise(corners)
    return f"M{left} {top}" + "".join(
        f"H{x}" if y == before else f"H{x}V{y}" for (_x, before), (x, y) in steps
    )


def _space_names_apart(names: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the names from bottom to top, spaced apart and inside the plot."""
    placed: list[tuple[int, str]] = []
    ground = _BOTTOM + _NAME_GAP
    # At equal heights, the last line's name goes lowest.
    for _place, (down, name) in sorted(enumerate(names), key=lambda each: (-each[1][0], -each[0])):
        ground = min(down, ground - _NAME_GAP)
        placed.append((ground, name))
    return placed


def render_year(
    year: int,
    counts: Mapping[dt.date, int],
    *,
    today: dt.date,
    title: str,
    description: str,
    weekdays: Sequence[str],
    months: Sequence[str],
    first_weekday: int,
    day_titles: Mapping[dt.date, str],
) -> Markup:
    """Render the days of a year as squares, in two half-year SVGs.

    `weekdays` are seven short names starting at `first_weekday` (Monday is 0), `months` the twelve
    month names, `day_titles` the tooltips of days with changes.
    """
    halves = []
    for number in (0, 1):
        begin, end = dt.date(year, 6 * number + 1, 1), dt.date(year, 6 * number + 6, 30 + number)
        before = (begin.weekday() - first_weekday) % 7
        parts = [
            f"<text x=26 y={18 + _CELL * row + 10} text-anchor=end>{escape(name)}</text>"
            for row, name in enumerate(weekdays)
            if row % 2 == 0
        ]
        columns = 0
        for place in range((end - begin).days + 1):
            day = begin + dt.timedelta(days=place)
            column, row = divmod(before + place, 7)
            left, above = 32 + _CELL * column, 18 + _CELL * row
            if day.day == 1:
                parts.append(f"<text x={left} y=11>{escape(months[day.month - 1])}</text>")
            count, tooltip = counts.get(day, 0), day_titles.get(day, "")
            parts.append(_day_square(left, above, count, day > today, tooltip))
            columns = column + 1
        size = 32 + _CELL * columns, 18 + _CELL * 7
        halves.append(
            _drawing("year", *size, *(("", "") if number else (title, description)), parts)
        )
    return Markup("").join(halves)


def _day_square(left: int, above: int, count: int, is_ahead: bool, title: str) -> str:
    cell = f"<rect class={'ahead' if is_ahead else 'day'} x={left} y={above} width=11 height=11 />"
    side = next((side for least, side in _SQUARES if count >= least), 0)
    if not side:
        return cell
    inset = (11 - side) / 2
    square = (
        f"<rect class=done x={left + inset:g} y={above + inset:g} width={side} height={side} />"
    )
    return f"<g><title>{escape(title)}</title>{cell}{square}</g>"


def render_radar(
    axes: Sequence[str], lines: Sequence[Line], title: str, maximum: int = 4
) -> Markup:
    """Render a radar chart with a text description. Needs at least three axes.

    The classes of the lines are self, manager and bar.
    """
    centre_x, centre_y, radius = 300, 170, 120

    def at(axis: int, value: float, extra: float = 0) -> tuple[float, float]:
        angle = 2 * math.pi * axis / len(axes) - math.pi / 2
        reach = radius * value / maximum + extra
        return centre_x + reach * math.cos(angle), centre_y + reach * math.sin(angle)

    def outline(values: Sequence[float | None]) -> str:
        corners = (at(axis, value) for axis, value in enumerate(values) if value is not None)
        return " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in corners)

    parts = [
        f"<polygon class=ring points='{outline([level] * len(axes))}'/>"
        for level in range(1, maximum + 1)
    ]
    for line in lines:
        parts.append(f"<polygon class={line.kind} points='{outline(line.values)}'/>")
        if line.kind != "bar":
            for axis, value in enumerate(line.values):
                if value is not None:
                    cx, cy = map(coordinate, at(axis, value))
                    parts.append(f"<circle class={line.kind} cx={cx} cy={cy} r=3.5 />")
    for axis, name in enumerate(axes):
        x, y = at(axis, maximum, 14)
        anchor = "middle" if abs(x - centre_x) < 8 else "start" if x > centre_x else "end"
        shift = 4 if abs(y - centre_y) < radius else (0 if y < centre_y else 10)
        left, down = coordinate(x), coordinate(y + shift)
        # Left and right of the circle a name takes two lines, so that large text fits on a phone.
        head, _, tail = ("", "", name) if anchor == "middle" else name.rpartition(" ")
        first = f"<tspan dy='-.6em'>{escape(head)} </tspan>" if head else ""
        last = f"<tspan x={left} dy='1.2em'>{escape(tail)}</tspan>" if head else escape(tail)
        parts.append(f"<text x={left} y={down} text-anchor={anchor}>{first}{last}</text>")
    descriptions = []
    for line in lines:
        levels = ("–" if value is None else f"{value:g}" for value in line.values)
        pairs = (" ".join(pair) for pair in zip(axes, levels, strict=True))
        descriptions.append(f"{line.name}: {', '.join(pairs)}")
    return _drawing("radar", 600, 340, title, "; ".join(descriptions), parts)


def coordinate(value: float) -> str:
    """Format a coordinate with at most one decimal and no redundant characters."""
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0.", "-.").removeprefix("0") or "0"


def _drawing(
    kind: str, width: int, height: int, title: str, description: str, parts: Sequence[str]
) -> Markup:
    label = "aria-hidden=true"
    names = ""
    if title:
        label = f"role=img aria-label='{escape(title)}'"
        names = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return Markup(  # noqa: S704 - all text is escaped above
        f"<svg class={kind} viewBox='0 0 {width} {height}' {label}>{names}{''.join(parts)}</svg>"
    )
