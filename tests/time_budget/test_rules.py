"""Parsing of hours, and the definition of a week."""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.time_budget.rules import Limits, Week, WeekFigures, parse_minutes

PARSED = {
    **dict.fromkeys(
        ("1:30", "1.5", "1,5 h", "90 min", "90m", "1 h 30 min", "1h30m", "1h30", "1 h 30"), 90
    ),
    "2h": 120,
    " 8 ": 480,
    "0.25": 15,
    ".5": 30,
    "24:00": 1440,
    "0": 0,
    "1 Hour": 60,
}


def test_parse_minutes_accepts_common_notations() -> None:
    assert {text: parse_minutes(text) for text in PARSED} == PARSED
    for text in (
        "",
        "h",
        "a while",
        "1:75",
        "-1",
        "1e3",
        "1:30 min",
        "1h75",
        "٣",
        "1..5",
        "9" * 40,
    ):
        with pytest.raises(ValueError, match="no hours"):
            parse_minutes(text)


def test_week_key_follows_iso_weeks() -> None:
    """Around New Year the week's year can differ from the date's year."""
    assert Week.of(dt.date(2024, 12, 31)).key == "2025-W01"
    assert Week.of(dt.date(2027, 1, 3)).key == "2026-W53"
    assert Week.parse("2026-W53").sunday == dt.date(2027, 1, 3)
    assert Week.parse("2026-W48").back(1).key == "2026-W47"
    for key in ("2025-W53", "2026-W00", "2026-48", "2026-W481", "", "0000-W01"):
        with pytest.raises(ValueError):  # noqa: PT011 - the calendar's own messages
            Week.parse(key)


def test_deep_work_due_grows_with_past_workdays() -> None:
    limits, week = Limits(week=2400, deep_work=600), Week(dt.date(2026, 3, 16))
    days = [week.monday + dt.timedelta(days=each) for each in (-3, 0, 1, 4, 5, 6, 30)]
    assert [limits.deep_work_due(week, day) for day in days] == [0, 0, 120, 480, 600, 600, 600]


def test_week_is_mostly_recorded_from_four_fifths() -> None:
    week, limits = Week(dt.date(2026, 3, 16)), Limits(week=2400, deep_work=600)
    recorded = [
        WeekFigures(week, limits, {"planning": hours * 60}) for hours in (0, 13, 31, 32, 50)
    ]
    assert [each.is_mostly_recorded for each in recorded] == [False, False, False, True, True]
