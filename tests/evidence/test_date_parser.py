"""Dates in natural language."""

from __future__ import annotations

import datetime as dt

import pytest

from roadmap.core.i18n import month_names
from roadmap.evidence.date_parser import AMBIGUOUS, FUTURE, SEVERAL, UNREAD, find_date

# A Monday.
TODAY = dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Gave a talk on 12 March 2026", "2026-03-12"),
        ("Talk, 12th of March, 2026", "2026-03-12"),
        ("Talk on March 12th, 2026", "2026-03-12"),
        ("Am 12. März 2026 im Team", "2026-03-12"),
        ("Shipped 12.03.2026", "2026-03-12"),
        ("Shipped 2026-03-12", "2026-03-12"),
        ("Shipped 13/04/2026", "2026-04-13"),
        ("Shipped 04/13/2026", "2026-04-13"),
        ("Shipped 04/04/2026", "2026-04-04"),
        ("Shipped in March 2026", "2026-03"),
        ("Shipped in 03/2026 and 2026-03", "2026-03"),
        ("Shipped in Sept. 2025", "2025-09"),
        ("Shipped in March", "2026-03"),
        ("Shipped in December", "2025-12"),
        ("Shipped on 5 Dec", "2025-12-05"),
        ("Shipped on May 5", "2026-05-05"),
        ("Shipped in 2024", "2024"),
        ("Shipped today", "2026-11-30"),
        ("Shipped yesterday", "2026-11-29"),
        ("Shipped the day before yesterday", "2026-11-28"),
        ("Shipped last Friday", "2026-11-27"),
        ("Shipped on Friday", "2026-11-27"),
        ("Shipped last Monday", "2026-11-23"),
        ("Shipped this Monday", "2026-11-30"),
        ("Shipped three weeks ago", "2026-11-09"),
        ("Shipped 2 months ago", "2026-09"),
        ("Shipped last month", "2026-10"),
        ("Shipped last year", "2025"),
        ("On Friday 13 March 2026", "2026-03-13"),
        ("On Friday, March 13, 2026", "2026-03-13"),
        ("Gave a talk 13 March", "2026-03-13"),
        ("Talk on the evening of March 12th", "2026-03-12"),
        ("PyData, March 3-5, 2026", "2026-03-05"),
        ("PyData, 3\N{EN DASH}5 March 2026", "2026-03-05"),
        ("Shipped 12-Mar-2026", "2026-03-12"),
        ("Shipped 2026/03/12", "2026-03-12"),
    ],
)
def test_date_is_found_in_text(text, date):
    found = find_date(text, TODAY, month_names("de"))
    assert (found.date, found.problem) == (date, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Shipped 03/04/2024", AMBIGUOUS),
        ("Shipped 3-4-2024", AMBIGUOUS),
        ("From 12 March 2026 to 2 May 2026", SEVERAL),
        ("In March 2025 and last Friday", SEVERAL),
        ("Shipped in Q3 2025", UNREAD),
        ("Shipped in summer 2025", UNREAD),
        ("Shipped last week", UNREAD),
        ("Cut costs over the last year", UNREAD),
        ("Shipped half a year ago", UNREAD),
        ("Shipped on 29 February", UNREAD),
        ("Shipped 12.03.26", UNREAD),
        ("Shipped on 31 February 2026", UNREAD),
        ("Talk on 12 December 2026", FUTURE),
        ("Paper tomorrow 2027-12-01", FUTURE),
    ],
)
def test_unusable_date_is_reported(text, problem):
    found = find_date(text, TODAY, month_names("en"))
    assert (found.date, found.problem) == (None, problem)
    assert found.text  # the part of the text that was not understood


def test_leap_day_without_year_is_most_recent_one():
    found = find_date("Shipped on 29 February", dt.date(2025, 1, 15), month_names("en"))
    assert found.date == "2024-02-29"


@pytest.mark.parametrize(
    "text",
    [
        "Cut p99 from 2024 to 180 ms",
        "We may 2 x the batch, and march on",
        "Level 1 may help",
        "Fixed 1 of 2000 tests",
        "Upgraded to 1.2.3 and 10.1145/3292500",
        "Worked 24/7 on 3/4 of it",
        "Sunday school for models",
        "",
    ],
)
def test_text_without_date_has_no_date(text):
    found = find_date(text, TODAY, month_names("en"))
    assert (found.date, found.problem) == (None, "")
