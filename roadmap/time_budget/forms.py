"""Forms for hours, limits and calendars."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from roadmap.core.fields import ParsedField, PastDayField, at_most
from roadmap.core.i18n import _, _l
from roadmap.core.outbound import MAX_URL
from roadmap.core.stale_forms import FingerprintForm
from roadmap.core.text import clean_line, clean_url
from roadmap.time_budget.calendar_file import Window
from roadmap.time_budget.presentation import duration
from roadmap.time_budget.rules import DAY_MINUTES, Week, parse_minutes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from roadmap.time_budget.content import Category
    from roadmap.time_budget.models import TimeEntry

WEEK_MINUTES = 7 * DAY_MINUTES


class HoursField(ParsedField):
    """Minutes, entered as hours: 1:30, 1.5 or 90 min."""

    data: int | None

    def __init__(self, *args: Any, least: int = 1, most: int, **kwargs: Any) -> None:
        attributes = {"class": "date", "autocomplete": "off"}
        super().__init__(*args, render_kw=attributes, **kwargs)
        self.least, self.most = least, most

    def parse(self, typed: str) -> int:
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
        return minutes

    def format(self, value: int) -> str:
        return duration(value)


class EntryForm(FingerprintForm):
    """Time of a category on a day that is not in the future."""

    category = RadioField(
        _l("What it was"), [InputRequired(_l("Choose what it was."))], validate_choice=False
    )
    minutes = HoursField(
        _l("Hours"),
        [InputRequired(_l("How long did it take?"))],
        most=DAY_MINUTES,
        description=_l("1:30, 1.5 or 90 min"),
    )
    day = PastDayField(_l("Day"), [InputRequired(_l("Which day was it?"))])
    title = StringField(
        _l("Title"), [Optional(), at_most(200)], filters=[clean_line, lambda text: text or None]
    )

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
        # Entries from a calendar may be in the future and keep their day.
        self.today = max(today, entry.day) if entry else today

    def validate_category(self, field: RadioField) -> None:
        if field.data not in dict(field.choices):
            raise StopValidation(_("Choose one of the options."))

    def validate_minutes(self, field: HoursField) -> None:
        # Whitespace counts as input, so InputRequired does not catch it.
        if field.data is None and not field.errors:
            raise StopValidation(_("How long did it take?"))


class LimitsForm(FingerprintForm):
    """A person's own limits; an empty field means the default."""

    deep_work_minutes = HoursField(
        _l("Fewest hours of deep work a week"), [Optional()], least=0, most=WEEK_MINUTES
    )
    week_minutes = HoursField(_l("Hours you work a week"), [Optional()], most=WEEK_MINUTES)


WEEKS = [
    SelectChoice(1, _l("1 week")),
    SelectChoice(2, _l("2 weeks")),
    SelectChoice(4, _l("4 weeks")),
]
DAYS = (
    *(_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday")),
    *(_l("Saturday"), _l("Sunday")),
)
MAX_WEEKS = 52


class CalendarForm(FlaskForm):
    """A calendar file and the days to import, up to today."""

    file = FileField(
        _l("Calendar file"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "An .ics file, or the ZIP that Google exports; up to 1 MB. It is read once and never "
            "stored."
        ),
        render_kw={"accept": ".ics,.ical,.zip,text/calendar,application/zip"},
    )

    first = PastDayField(_l("From"), [InputRequired(_l("Choose the first day."))])
    weeks = SelectField(_l("How long"), choices=WEEKS, coerce=int, default=1)
    addresses = StringField(
        _l("Your addresses in this calendar"),
        [Optional(), at_most(500)],
        filters=[clean_line],
        description=_l("If you do not sign in with it. Used to tell what you declined."),
    )

    def __init__(self, *, today: dt.date, **more: Any) -> None:
        # Default to last week, and from Friday on to this week.
        week = Week.of(today) if today.weekday() > 3 else Week.of(today).back(1)
        super().__init__(data={"first": week.monday, "weeks": 1}, **more)
        self.today = today

    def window(self, zone: str) -> Window:
        """Return the requested days; call it only on a valid form."""
        last = self.first.data + dt.timedelta(weeks=self.weeks.data, days=-1)
        return Window(self.first.data, min(last, self.today), zone)

    def own_addresses(self, email: str) -> list[str]:
        typed: str = self.addresses.data or ""
        return [email, *typed.replace(",", " ").replace(";", " ").split()]


class AddressForm(FlaskForm):
    """The secret URL of a calendar, which works like a password."""

    url = StringField(
        _l("Secret address in iCal format"),
        [InputRequired(_l("Enter the address.")), at_most(MAX_URL)],
        filters=[clean_url],
        # Keep it out of the browser's saved drafts.
        render_kw={
            "inputmode": "url",
            "autocomplete": "off",
            "spellcheck": "false",
            "data-secret": "1",
        },
    )


class BlocksForm(FlaskForm):
    """Weekly deep work blocks. It changes nothing, so it needs no CSRF token."""

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
            NumberRange(1, MAX_WEEKS, _l("Enter 1 to 52 weeks.")),
        ],
        default=13,
        # The page has another field with this name.
        id="block-weeks",
    )

    def validate_end(self, field: TimeField) -> None:
        if field.data and self.start.data and field.data <= self.start.data:
            raise StopValidation(_("The end is before the start."))
