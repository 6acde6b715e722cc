"""The forms that take a calendar in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    DateField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from roadmap.core.fields import at_most
from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.outbound import MAX_URL
from roadmap.core.text import clean_line
from roadmap.time_budget.calendar_file import Window
from roadmap.time_budget.deep_work_calendar import Blocks
from roadmap.time_budget.forms import EARLIEST_DAY
from roadmap.time_budget.rules import Week

WEEKS = [
    SelectChoice(1, _l("1 week")),
    SelectChoice(2, _l("2 weeks")),
    SelectChoice(4, _l("4 weeks")),
]
DAYS = (
    *(_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday")),
    *(_l("Saturday"), _l("Sunday")),
)
MOST_WEEKS = 52


class WindowForm(FlaskForm):
    """Which days are wanted, up to today."""

    first = DateField(
        _l("From"),
        [InputRequired(_l("From which day on?"))],
        invalid_value_message=_l("Enter the date as year-month-day, such as 2026-11-30."),
    )
    weeks = SelectField(_l("How long"), choices=WEEKS, coerce=int, default=1)
    addresses = StringField(
        _l("Your addresses in this calendar"),
        [Optional(), at_most(500)],
        filters=[clean_line],
        description=_l("If it is not the one you sign in with. It shows what you declined."),
    )

    def __init__(self, *, today: dt.date, **more: Any) -> None:
        # Last week, and on Fridays and weekends this one.
        week = Week.of(today) if today.weekday() > 3 else Week.of(today).back(1)
        super().__init__(data={"first": week.monday, "weeks": 1}, **more)
        self.today = today

    def validate_first(self, field: DateField) -> None:
        if field.data is None:
            return
        if field.data > self.today:
            raise StopValidation(_("This day is in the future."))
        if field.data < EARLIEST_DAY:
            raise StopValidation(_("This is before 2000; check the year."))

    def window(self, zone: str) -> Window:
        """Return the days that were asked for; call it once the form is valid."""
        last = self.first.data + dt.timedelta(weeks=self.weeks.data, days=-1)
        return Window(self.first.data, min(last, self.today), zone)

    def own(self, email: str) -> list[str]:
        typed: str = self.addresses.data or ""
        return [email, *typed.replace(",", " ").replace(";", " ").split()]


class FileForm(WindowForm):
    """A calendar file."""

    file = FileField(
        _l("Calendar file"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "An .ics file, or the ZIP that Google exports; up to 1 MB. It is read once and never "
            "stored."
        ),
        render_kw={"accept": ".ics,.ical,.zip,text/calendar,application/zip"},
    )


class AddressForm(FlaskForm):
    """The address of a calendar, which is as good as a password for it."""

    url = StringField(
        _l("Secret address in iCal format"),
        [InputRequired(_l("Enter the address.")), at_most(MAX_URL)],
        filters=[clean_line],
        # No draft of it stays in the browser.
        render_kw={
            "inputmode": "url",
            "autocomplete": "off",
            "spellcheck": "false",
            "data-secret": "1",
        },
    )


class BlocksForm(FlaskForm):
    """Hours of each week that are kept for deep work. It changes nothing, so it needs no token."""

    class Meta:
        csrf = False

    days = SelectMultipleField(
        _l("Days"),
        [InputRequired(_l("Choose at least one day."))],
        choices=[SelectChoice(number, name) for number, name in enumerate(DAYS)],
        coerce=int,
        widget=ListWidget(),
        option_widget=CheckboxInput(),
        default=[1, 3],
    )
    start = TimeField(
        _l("From"), [InputRequired(_l("From when?"))], default=dt.time(9),
        invalid_value_message=_l("Enter the time as 09:00."),
    )  # fmt: skip
    end = TimeField(
        _l("To"), [InputRequired(_l("Until when?"))], default=dt.time(12),
        invalid_value_message=_l("Enter the time as 12:00."),
    )  # fmt: skip
    weeks = IntegerField(
        _l("For how many weeks"),
        [
            InputRequired(_l("For how many weeks?")),
            NumberRange(1, MOST_WEEKS, _l("Enter 1 to 52 weeks.")),
        ],
        default=13,
    )

    def validate_end(self, field: TimeField) -> None:
        if field.data and self.start.data and field.data <= self.start.data:
            raise StopValidation(_("The end is before the start."))

    def blocks(self, zone: str) -> Blocks:
        """Return what was chosen; call it once the form is valid."""
        return Blocks(self.days.data, self.start.data, self.end.data, self.weeks.data, zone)
