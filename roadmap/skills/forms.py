"""Forms for assessments by the user and by a manager."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import AnyOf, Length

from roadmap.core.i18n import _l
from roadmap.core.text import clean_multiline
from roadmap.skills.rules import LEVELS

MAX_COMMENT_LENGTH = 2000
TOO_LONG = _l("At most %(max)d characters: a link says more.")
CHOICES = [str(level) for level in LEVELS]


def level_field(label: str, message: str) -> RadioField:
    return RadioField(label, [AnyOf(CHOICES, message)], choices=CHOICES, validate_choice=False)


def comment_field(description: str) -> TextAreaField:
    return TextAreaField(
        _l("Basis for this level"),
        [Length(max=MAX_COMMENT_LENGTH, message=TOO_LONG)],
        filters=[clean_multiline],
        description=description,
    )


class AssessmentForm(FlaskForm):
    """A self-assessment: one of five levels and its basis."""

    level = level_field(
        _l("Your level"),
        _l("Choose the highest level you have shown in full, at least twice, within 24 months."),
    )
    comment = comment_field(
        _l("Something you did that shows it. Only you see it, in the history below.")
    )

    @property
    def chosen(self) -> int:
        """Return the level of a valid form."""
        return int(self.level.data)


class OtherAssessmentForm(AssessmentForm):
    """An assessment by a manager. The assessed user can read the comment."""

    level = level_field(
        _l("Their level"),
        _l("Choose the highest level you have seen in full, at least twice, within 24 months."),
    )
    comment = comment_field(
        _l("Something they did that shows it, and what the next level asks for.")
    )
