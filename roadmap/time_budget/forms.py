"""The forms of the week."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from wtforms import DateField, RadioField, StringField
from wtforms.validators import InputRequired, Optional, StopValidation

from roadmap.core.fields import at_most
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.stale_forms import SeenForm
from roadmap.core.text import clean_line, strip_control_characters
from roadmap.time_budget.actions import Hours
from roadmap.time_budget.presentation import duration
from roadmap.time_budget.rules import DAY_MINUTES, parse_minutes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from roadmap.time_budget.content import Category
    from roadmap.time_budget.models import TimeEntry

# An earlier day is a typing error.
EARLIEST_DAY = dt.date(2000, 1, 1)
WEEK_MINUTES = 7 * DAY_MINUTES


class HoursField(StringField):
    """Minutes, typed as hours: 1:30, 1.5 or 90 min. None where nothing was typed."""

    data: int | None

    def __init__(self, *args: Any, least: int = 1, most: int, **kwargs: Any) -> None:
        attributes = {"class": "date", "autocomplete": "off"}
        super().__init__(*args, render_kw=attributes, **kwargs)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the hours. Raises ValueError."""
        typed = strip_control_characters(" ".join(valuelist)).strip()
        self.data = None
        if not typed:
            return
        try:
            minutes = parse_minutes(typed)
        except ValueError:
            message = _("Enter hours as 1:30 or 1.5, or minutes as 90 min.")
            raise ValueError(message) from None
        if not self.least <= minutes <= self.most:
            raise ValueError(
                _(
                    "Enter %(least)s to %(most)s. Write minutes as 90 min.",
                    least=duration(self.least),
                    most=duration(self.most),
                )
            )
        self.data = minutes

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return "" if self.data is None else duration(self.data)


class EntryForm(SeenForm):
    """Some time of a category on a day that has begun."""

    category = RadioField(
        _l("What it was"), [InputRequired(_l("Choose what it was."))], validate_choice=False
    )
    minutes = HoursField(
        _l("Hours"),
        [InputRequired(_l("How long did it take?"))],
        most=DAY_MINUTES,
        description=_l("1:30, 1.5 or 90 min"),
    )
    day = DateField(
        _l("Day"),
        [InputRequired(_l("Which day was it?"))],
        invalid_value_message=_l("Enter the date as year-month-day, such as 2026-11-30."),
    )
    title = StringField(_l("Title"), [Optional(), at_most(200)], filters=[clean_line])

    def __init__(
        self,
        categories: Iterable[Category],
        *,
        today: dt.date,
        entry: TimeEntry | None = None,
        **more: Any,
    ) -> None:
        super().__init__(obj=entry, **more)
        self.category.choices = [(each.key, each.title) for each in categories]
        # A calendar has days to come; they stay where they are.
        self.latest = max(today, entry.day) if entry else today

    def validate_category(self, field: RadioField) -> None:
        if field.data not in dict(field.choices):
            raise StopValidation(_("Choose one of the options."))

    def validate_minutes(self, field: HoursField) -> None:
        # Blanks alone are typed as well.
        if field.data is None and not field.errors:
            raise StopValidation(_("How long did it take?"))

    def validate_day(self, field: DateField) -> None:
        if field.data is None:
            return
        if field.data > self.latest:
            raise StopValidation(_("This day is in the future."))
        if field.data < EARLIEST_DAY:
            raise StopValidation(_("This is before 2000; check the year."))

    @property
    def hours(self) -> Hours:
        """Return what was entered; call it once the form is valid."""
        minutes = self.minutes.data or 0
        return Hours(self.day.data, self.category.data, minutes, self.title.data or None)


class LimitsForm(SeenForm):
    """A person's own limits; an empty field means that of the content."""

    deep_work_minutes = HoursField(
        _l("Fewest hours of deep work a week"), [Optional()], least=0, most=WEEK_MINUTES
    )
    week_minutes = HoursField(_l("Hours you work a week"), [Optional()], most=WEEK_MINUTES)
