"""The forms of a portfolio's texts and of its public links."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from roadmap.core.fields import at_most
from roadmap.core.numbers import WholeNumberField
from roadmap.core.text import clean_line, clean_multiline
from roadmap.evidence.forms import CheckboxListField

LIFETIME_DAYS = {"30": 30, "90": 90, "365": 365, "never": None}


class TextsForm(FlaskForm):
    """The texts; `revision` is the one that the form was filled from, to detect stale edits."""

    name = StringField(
        _l("Name of this portfolio"),
        filters=[clean_line],
        validators=[InputRequired(_l("Give the portfolio a name.")), at_most(100)],
        description=_l("Only you see it: “For the promotion committee”."),
    )
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
                max=10_000, message=_l("At most %(max)d characters: the pieces below say the rest.")
            )
        ],
        description=_l("What you do and what you are proud of, in Markdown."),
    )
    shows_email = BooleanField(_l("Show my e-mail address"))
    shows_self_assessed = BooleanField(
        _l("Show self-assessed skills"),
        description=_l("Levels that a manager has assessed are shown without it."),
    )
    shows_below_bar = BooleanField(
        _l("Show levels below what the role asks for"),
        description=_l(
            "Otherwise a portfolio leaves them out, whether you or a manager assessed them."
        ),
    )
    left_out_skills = CheckboxListField(_l("Never show"))
    shown_profiles = CheckboxListField(_l("Profiles to show"))
    revision = WholeNumberField(widget=HiddenInput(), validators=[InputRequired()])


class LinkForm(FlaskForm):
    portfolio = SelectField(_l("Portfolio"))
    label = StringField(
        _l("For whom"),
        filters=[clean_line],
        validators=[at_most(100)],
        description=_l("Only you see this: “Panel in March”, “Recruiter at Example”."),
    )
    lives = SelectField(
        _l("Ends after"),
        choices=[
            SelectChoice("30", _l("30 days")),
            SelectChoice("90", _l("90 days")),
            SelectChoice("365", _l("1 year")),
            SelectChoice("never", _l("never, until I revoke it")),
        ],
        default="90",
        validators=[InputRequired()],
    )
