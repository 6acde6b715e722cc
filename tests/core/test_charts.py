"""Day charts: text alternatives, and no drawing outside the viewport."""

from __future__ import annotations

import datetime as dt
import re

from roadmap.core.charts import Line, render_lines, render_year

BEGIN = dt.date(2026, 1, 1)


def draw_lines(values: list[float | None], **more) -> str:
    days = [BEGIN + dt.timedelta(days=place) for place in range(len(values))]
    return str(
        render_lines(
            days,
            [
                Line("tone-claimed", "Claimed <b>", values, is_area=True),
                Line("score", "Same", values),
            ],
            title="Effort",
            description="From 0 to 9 & on",
            values=[(0, "0"), (10, "10")],
            dates=[(days[0], "first"), (days[-1], "last")],
            **more,
        )
    )


def test_line_is_stepped_and_its_area_is_closed():
    drawing = draw_lines([0, 10, 10])
    assert "d='M58 282H254V34H450'" in drawing
    assert "V282H58z" in drawing, "the area is closed at the bottom"


def test_missing_values_leave_gaps_in_lines():
    drawing = draw_lines([None, 5, None, 10])
    assert drawing.count("class='line score'") == 2
    assert drawing.count("<circle") == 4, "a day between two gaps is a dot on each line"


def test_line_labels_do_not_overlap_and_are_escaped():
    drawing = draw_lines([0, 0])
    heights = [int(each) for each in re.findall(r"class=name x=\d+ y=(\d+)", drawing)]
    assert len(heights) == 2
    assert abs(heights[0] - heights[1]) >= 20
    assert "<b>" not in drawing
    assert "<title>Effort</title><desc>From 0 to 9 &amp; on</desc>" in drawing


def test_year_chart_draws_each_day_once_within_the_viewbox():
    for year, days in ((2026, 365), (2028, 366)):
        first = dt.date(year, 1, 1)
        drawing = render_year(
            year,
            {first: 1, dt.date(year, 12, 31): 9},
            today=dt.date(year, 6, 30),
            title="Activity",
            description="2 days",
            weekdays=list("MTWTFSS"),
            months=[f"m{number}" for number in range(12)],
            first_weekday=0,
            day_titles={first: "<1>"},
        )
        cells = re.findall(r"<rect class=(day|ahead) ", drawing)
        assert len(cells) == days
        assert cells.count("ahead") == 184
        assert re.findall(r"class=done .*?width=(\d+)", drawing) == ["3", "11"]
        assert "&lt;1&gt;" in drawing
        assert drawing.count("<title>Activity") == 1
        inside = re.findall(r"viewBox='0 0 (\d+) (\d+)'", drawing)
        assert max(int(each) for each in re.findall(r" x=(\d+) y=\d+ width=11", drawing)) < int(
            inside[0][0]
        )
