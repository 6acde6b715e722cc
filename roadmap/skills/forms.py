"""The forms of an assessment: by the person, and by a manager."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import AnyOf, Length

from roadmap.core.text import clean_multiline
from roadmap.skills.rules import LEVELS

MAX_COMMENT_LENGTH = 2000


class AssessmentForm(FlaskForm):
    """One level out of five, and what it rests on."""

    level = RadioField(
        _l("Your level"),
        choices=[str(level) for level in LEVELS],
        validate_choice=False,
        validators=[
            AnyOf(
                [str(level) for level in LEVELS],
                message=_l("Choose the highest level whose behaviour you have shown."),
            )
        ],
    )
    comment = TextAreaField(
        _l("Basis for this level"),
        filters=[clean_multiline],
        validators=[
            Length(
                max=MAX_COMMENT_LENGTH,
                message=_l("At most %(max)d characters: a link says more."),
            )
        ],
        description=_l("Something you did that shows it. Only you see it, in the history below."),
    )

    @property
    def chosen(self) -> int:
        """Return the level of a valid form."""
        return int(self.level.data)


class OtherAssessmentForm(AssessmentForm):
    """The same by a manager: the person reads the comment."""

    level = RadioField(
        _l("Their level"),
        choices=[str(level) for level in LEVELS],
        validate_choice=False,
        validators=[
            AnyOf(
                [str(level) for level in LEVELS],
                message=_l("Choose the highest level whose behaviour you have seen."),
            )
        ],
    )
    comment = TextAreaField(
        _l("Basis for this level"),
        filters=[clean_multiline],
        validators=[
            Length(
                max=MAX_COMMENT_LENGTH,
                message=_l("At most %(max)d characters: a link says more."),
            )
        ],
        description=_l("Something they did that shows it, and what the next level asks for."),
    )
