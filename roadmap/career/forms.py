"""Forms of positions and degrees."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    Field,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional

from roadmap.career.models import DEGREE_LEVELS
from roadmap.core.fields import PastDateField
from roadmap.core.i18n import _, _l
from roadmap.core.stale_forms import DatedForm
from roadmap.core.text import clean_line, clean_multiline

# Earlier years are typos.
EARLIEST_YEAR = 1940
MAX_SUMMARY_LENGTH = 20_000
NO_LEVEL = _l("Choose one of the levels.")
TOO_LONG = _l("This is too long: at most %(max)d characters.")


def text_field(label: str, *validators: Any, **attributes: Any) -> StringField:
    return StringField(
        label,
        [*validators, Length(max=200, message=TOO_LONG)],
        filters=[clean_line],
        render_kw=attributes,
    )


class PositionForm(DatedForm):
    title = text_field(_l("Title"), DataRequired(_l("Enter the title of the position.")))
    employer = text_field(_l("Employer"), Optional(), autocomplete="organization")
    started_on = PastDateField(
        _l("From"),
        [InputRequired(_l("When did it start? A year or a month is enough."))],
        earliest_year=EARLIEST_YEAR,
    )
    ended_on = PastDateField(_l("Until"), [Optional()], earliest_year=EARLIEST_YEAR)
    is_ml = BooleanField(_l("This was machine learning engineering"))
    summary = TextAreaField(
        _l("Summary"),
        [Optional(), Length(max=MAX_SUMMARY_LENGTH, message=TOO_LONG)],
        filters=[clean_multiline],
    )

    def validate_ended_on(self, field: Field) -> None:
        if field.data and self.started_on.data and field.data.last < self.started_on.data.first:
            raise ValidationError(_("It ends before it starts; check both dates."))


class DegreeForm(DatedForm):
    level = SelectField(
        _l("Level"),
        [InputRequired(NO_LEVEL), AnyOf(DEGREE_LEVELS, message=NO_LEVEL)],
        choices=lambda: [SelectChoice(*level) for level in level_labels().items()],
        validate_choice=False,
    )
    field = text_field(_l("Field"), Optional())
    institution = text_field(_l("Institution"), Optional())
    awarded_on = PastDateField(_l("Awarded on"), [Optional()], earliest_year=EARLIEST_YEAR)


def level_labels() -> dict[str, str]:
    """Return the labels of degree levels, in display order."""
    return {
        "bachelor": _("Bachelor's degree"),
        "master": _("Master's degree"),
        "doctorate": _("Doctorate"),
        "other": _("Another degree"),
    }
