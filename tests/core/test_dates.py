"""Partial dates with only a year or month."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import FORMAT_LOCALES, month_names, show_date, show_month
from roadmap.core.types import PartialDateText, ends_before

ENGLISH = month_names("en")
ALL = st.builds(
    lambda day, known: PartialDate(day.isoformat()[:known]),
    st.dates(),
    st.sampled_from((4, 7, 10)),
)


@given(ALL)
def test_partial_date_round_trips_and_covers_its_first_to_last_day(date: PartialDate) -> None:
    assert PartialDate.from_iso(date) == PartialDate.parse(date, ENGLISH) == date == str(date)
    assert PartialDate(date.first).startswith(date)
    assert PartialDate(date.last).startswith(date)
    for outside in (date.first.toordinal() - 1, date.last.toordinal() + 1):
        if dt.date.min.toordinal() <= outside <= dt.date.max.toordinal():
            assert not PartialDate(dt.date.fromordinal(outside)).startswith(date)


@given(ALL, ALL)
def test_partial_dates_sort_by_first_day_then_precision(
    one: PartialDate, other: PartialDate
) -> None:
    assert (one < other) == ((one.first, len(one)) < (other.first, len(other)))


@given(ALL, st.dates())
def test_ends_before_compares_the_last_day(date: PartialDate, day: dt.date) -> None:
    stored, today = (sa.literal(value, PartialDateText()) for value in (date, day))
    with sa.create_engine("sqlite://").connect() as connection:
        assert connection.scalar(sa.select(ends_before(stored, today))) == (date.last < day)


@pytest.mark.parametrize("locale", FORMAT_LOCALES)
@given(date=ALL)
def test_displayed_date_can_be_parsed(locale: str, date: PartialDate) -> None:
    # Some locales show a year before 1000 without its zeros.
    date = PartialDate(f"2{date[1:]}") if date[5:] != "02-29" else PartialDate("2024-02-29")
    assert PartialDate.parse(show_date(date, locale), month_names(locale)) == date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", "2024"),
        ("2024-3", "2024-03"),
        (" 2024-03-15 ", "2024-03-15"),
        ("2024/03/15", "2024-03-15"),
        ("03/2024", "2024-03"),
        ("3.2024", "2024-03"),
        ("15.3.2024", "2024-03-15"),
        ("Mar 2024", "2024-03"),
        ("SEPT. 2024", "2024-09"),
        ("march 15, 2024", "2024-03-15"),
        ("15. March 2024", "2024-03-15"),
        ("２０２４", "2024"),
        ("29 feb 2024", "2024-02-29"),
        ("0001", "0001"),
        ("9999", "9999"),
    ],
)
def test_supported_formats_are_parsed(text: str, expected: str) -> None:
    assert PartialDate.parse(text, ENGLISH) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "24", "20245", "0000", "2024-13", "2024-00", "2023-02-29", "2024-02-30"),
        *("03/04/2024", "Mar 24", "ma 2024", "j 2024", "jux 2024", "2024-03-15-01", "-2024"),
        *("٢٠٢٤", "2024-03-15T00:00", "2024-W05"),
    ],
)
def test_invalid_or_ambiguous_date_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PartialDate.parse(text, ENGLISH)


def test_display_keeps_the_precision_of_the_date() -> None:
    day, month, year = map(PartialDate, ("2024-03-05", "2024-03", "2024"))
    assert [show_date(each) for each in (day, month, year)] == ["5 Mar 2024", "Mar 2024", "2024"]
    assert [show_month(each) for each in (day, month, year)] == ["Mar 2024", "Mar 2024", "2024"]
    assert show_date(month, "de") == "März 2024"
