"""The form for days off."""

from __future__ import annotations

from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Optional, ValidationError

from roadmap.core.fields import at_most
from roadmap.core.i18n import _l
from roadmap.core.stale_forms import DatedForm
from roadmap.core.text import clean_line
from roadmap.forecast.rules import Span, span_error

MAX_NOTE_LENGTH = 200
INVALID_DATE = _l("Enter the date as year-month-day, such as 2026-07-15.")
SPAN_MESSAGES = {
    "order": _l("The last day is before the first."),
    "past": _l("This is before 2000; check the year."),
    "too_far": _l("That is more than ten years ahead."),
    "too_long": _l("At most five years at once."),
}


class AbsenceForm(DatedForm):
    """Days off: the first day, an optional last day, and a note."""

    starts_on = DateField(
        _l("First day off"),
        [InputRequired(_l("Enter the first day off."))],
        invalid_value_message=INVALID_DATE,
    )
    ends_on = DateField(
        _l("Last day off"),
        [Optional()],
        invalid_value_message=INVALID_DATE,
        description=_l("Leave it empty for a single day."),
    )
    note = StringField(_l("Note"), [at_most(MAX_NOTE_LENGTH)], filters=[clean_line])

    @property
    def days(self) -> Span:
        """Return the days of a valid form."""
        return Span(self.starts_on.data, self.ends_on.data or self.starts_on.data)

    def validate_starts_on(self, field: DateField) -> None:
        if self.starts_on.data and self._span_error() in ("past", "too_far"):
            raise ValidationError(SPAN_MESSAGES[self._span_error()])

    def validate_ends_on(self, field: DateField) -> None:
        if self.starts_on.data and self._span_error() in ("order", "too_long"):
            raise ValidationError(SPAN_MESSAGES[self._span_error()])

    def _span_error(self) -> str:
        return span_error(self.days, self.today) or ""
