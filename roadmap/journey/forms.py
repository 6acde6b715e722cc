"""Forms for enrollment, for the plan of a milestone, and for why one is not applicable."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from roadmap.core.fields import PlainDecimalField, parse_whole_number
from roadmap.core.i18n import _l
from roadmap.core.text import clean_multiline
from roadmap.progress import rules

UNREADABLE_DATE = _l("Enter the date as year-month-day, such as 2027-03-05.")
TARGET_MESSAGES = {
    "past": _l("Choose a day after today."),
    "too_far": _l("That is more than forty years ahead."),
}
REASON_MISSING = _l("Say in a sentence why it does not apply to you.")


def target_field(description: str = "") -> DateField:
    return DateField(
        _l("Target date"),
        validators=[Optional()],
        invalid_value_message=UNREADABLE_DATE,
        description=description,
    )


def reason_field(*validators: object, description: str = "") -> StringField:
    return StringField(
        _l("Reason, in one sentence"),
        filters=[clean_multiline],
        validators=[
            *validators,
            Length(max=rules.MAX_REASON_LENGTH, message=_l("At most 500 characters.")),
        ],
        description=description,
    )


class TargetForm(FlaskForm):
    """A form with a target date, which must be after today or equal to `saved`."""

    target_on = target_field()

    def __init__(self, today: dt.date, saved: dt.date | None = None, **values: Any) -> None:
        self.today, self.saved = today, saved
        super().__init__(**values)

    def validate_target_on(self, field: DateField) -> None:
        # The field itself reports an invalid date.
        if fault := rules.target_error(field.data, self.today, self.saved):
            raise ValidationError(TARGET_MESSAGES[fault])


class EnrollmentForm(TargetForm):
    target_on = target_field(_l("When you would like to get there. You can change it at any time."))
    hours_per_week = PlainDecimalField(
        _l("Hours a week"),
        places=1,
        invalid_value_message=_l("Enter the hours as a number, such as 4.5."),
        validators=[
            Optional(),
            NumberRange(
                rules.MIN_HOURS_PER_WEEK,
                rules.MAX_HOURS_PER_WEEK,
                _l("Between half an hour and 80 hours a week."),
            ),
        ],
        description=_l(
            "Effort beyond your regular work. An evening and a weekend morning make five hours."
        ),
    )


class PlanForm(TargetForm):
    note = TextAreaField(
        _l("Private note"),
        filters=[clean_multiline],
        validators=[Length(max=rules.MAX_NOTE_LENGTH, message=_l("At most 10,000 characters."))],
    )
    version = HiddenField()

    @property
    def revision(self) -> int | None:
        return parse_whole_number(self.version.data)


class ReasonForm(FlaskForm):
    reason = reason_field(DataRequired(REASON_MISSING))
