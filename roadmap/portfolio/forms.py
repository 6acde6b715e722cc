"""The form of a portfolio's texts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from roadmap.core.text import clean_line, clean_multiline

MAX_INTRODUCTION = 10_000


class TextsForm(FlaskForm):
    """The texts; `revision` is the one that the form was filled from, to detect stale edits."""

    headline = StringField(
        _l("Headline"),
        filters=[clean_line],
        validators=[Length(max=200, message=_l("At most %(max)d characters: one line."))],
        description=_l("One line below your name, such as “ML engineer, ranking and search”."),
    )
    introduction = TextAreaField(
        _l("Introduction"),
        filters=[clean_multiline],
        validators=[
            Length(
                max=MAX_INTRODUCTION,
                message=_l("At most %(max)d characters: the pieces below say the rest."),
            )
        ],
        description=_l("What you do and what you are proud of, in Markdown."),
    )
    shows_email = BooleanField(_l("Show my e-mail address"))
    revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
