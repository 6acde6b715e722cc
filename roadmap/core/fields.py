"""Shared form fields. Numbers are limited in length before they are parsed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from wtforms import DateField, DecimalField, FieldList, IntegerField, StringField
from wtforms.validators import Length, StopValidation

from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _l, current_locale, month_names
from roadmap.core.link_secrets import strip_userinfo
from roadmap.core.text import clean_url, complete_url, strip_control_characters


def at_most(characters: int) -> Length:
    """Return a validator for the maximum length of a text."""
    return Length(max=characters, message=_l("At most %(max)d characters."))


# Earlier days are assumed to be typing errors.
EARLIEST_DAY = dt.date(2000, 1, 1)


class PastDayField(DateField):
    """A day that is not after the form's `today`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        message = _l("Enter the date as year-month-day, such as 2026-11-30.")
        super().__init__(*args, invalid_value_message=message, **kwargs)

    def pre_validate(self, form: Any) -> None:
        if self.data is None:
            return
        if self.data > form.today:
            raise StopValidation(_l("This day is in the future."))
        if self.data < EARLIEST_DAY:
            raise StopValidation(_l("This is before 2000; check the year."))


class UrlField(StringField):
    """A URL field that adds a missing https:// and removes a user name and password.

    `is_completed` and `is_stripped` tell whether it did so. A form with errors shows the URL as
    typed, without the added scheme.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        attributes = {"inputmode": "url", "placeholder": "https://"}
        super().__init__(*args, filters=[complete_url], render_kw=attributes, **kwargs)

    @property
    def is_completed(self) -> bool:
        return self._entered_url != "" and self.data not in (
            self._entered_url,
            strip_userinfo(self._entered_url),
        )

    @property
    def is_stripped(self) -> bool:
        return strip_userinfo(self._entered_url) != self._entered_url

    @property
    def _entered_url(self) -> str:
        return clean_url(self.raw_data[0]) if self.raw_data else ""

    def _value(self) -> str:
        return strip_userinfo(self._entered_url) if self.raw_data else str(self.data or "")


class ParsedField(StringField):
    """A text field that is parsed into a value. Invalid input is shown again as typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = strip_control_characters(" ".join(valuelist)).strip()
        self.data = None
        if typed:
            self.data = self.parse(typed)

    def parse(self, typed: str) -> Any:
        """Return the value. Raises ValueError with a message for the user."""
        raise NotImplementedError

    def format(self, value: Any) -> str:
        return str(value)

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return "" if self.data is None else self.format(self.data)


class PartialDateField(ParsedField):
    """A day, month or year."""

    data: PartialDate | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, render_kw={"class": "date"}, **kwargs)

    def parse(self, typed: str) -> PartialDate:
        try:
            return PartialDate.parse(typed, month_names(current_locale()))
        except ValueError:
            message = _l(
                "This is not a date. Enter a day, month or year: 15 Mar 2026, Mar 2026 or 2026."
            )
            if re.fullmatch(r"\s*(0?[1-9]|1[0-2])([/.-])(0?[1-9]|1[0-2])\2\d{4}\s*", typed):
                message = _l(
                    "“%(date)s” can be read in two ways. Write the month as a word.",
                    date=typed.strip(),
                )
            raise ValueError(message) from None


class PastDateField(PartialDateField):
    """A day, month or year that starts between `earliest_year` and the form's `today`."""

    def __init__(self, *args: Any, earliest_year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.earliest_year = earliest_year

    def pre_validate(self, form: Any) -> None:
        if self.data is None:
            return
        if self.data.first > form.today:
            raise StopValidation(_l("This date is in the future."))
        if self.data.first.year < self.earliest_year:
            year = str(self.earliest_year)
            raise StopValidation(_l("This is before %(year)s; check the year.", year=year))


def parse_whole_number(text: object) -> int | None:
    """Parse at most nine ASCII digits. Returns None for anything else."""
    digits = str(text or "")
    return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits) else None


class PlainDecimalField(DecimalField):
    """A decimal number such as 4.5, without exponent, infinity or NaN."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""
        if text and not re.fullmatch(r"[+-]?[0-9]{0,9}\.?[0-9]{0,9}", text):
            self.data: Decimal | None = None
            raise ValueError(self.invalid_value_message)
        super().process_formdata([text] if valuelist else [])


class WholeNumberField(IntegerField):
    """A whole number of at most nine digits, without a sign."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        self.data = parse_whole_number(valuelist[0].strip())
        if self.data is None:
            raise ValueError(self.gettext("Not a valid integer value."))


class NumberedFieldList(FieldList):
    """A list of fields that are numbered in their names. Ignores numbers that are too long."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        for name in formdata:
            if name.startswith(f"{prefix}-"):
                place = parse_whole_number(name[len(prefix) + 1 :].partition("-")[0])
                if place is not None:
                    yield place
