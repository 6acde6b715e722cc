"""Forms for asking a witness and for the witness's answer."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional

from roadmap.core.fields import at_most
from roadmap.core.i18n import _l
from roadmap.core.text import clean_line, clean_multiline


class WitnessRequestForm(FlaskForm):
    """A request to a witness."""

    asked = StringField(
        _l("Who saw it?"),
        [DataRequired(_l("Enter a name.")), at_most(100)],
        filters=[clean_line],
        description=_l("Only for your own list. You send the link yourself."),
    )
    message = TextAreaField(
        _l("What helps them remember"),
        [Optional(), at_most(500)],
        filters=[clean_multiline],
        description=_l("When and where it was. They see only this, the “done when” and your name."),
    )


class WitnessForm(FlaskForm):
    """A witness's answer."""

    answer = RadioField(
        _l("Did you see this yourself?"),
        [InputRequired(_l("Choose an answer."))],
        choices=[
            SelectChoice("seen", _l("Yes, it happened as described here")),
            SelectChoice("not_seen", _l("No, or I cannot say")),
        ],
    )
    witness = StringField(
        _l("Your name"),
        [DataRequired(_l("Enter your name.")), at_most(100)],
        filters=[clean_line],
    )
    affiliation = StringField(
        _l("Your role at that time"),
        [Optional(), at_most(200)],
        filters=[clean_line],
        description=_l("For example: tech lead of the search team, Example Ltd."),
    )
    statement = TextAreaField(
        _l("How you know"),
        [Optional(), at_most(1_000)],
        filters=[clean_multiline],
        description=_l(
            "What you saw or used, in a sentence or two. It is shown exactly as you write it."
        ),
    )
