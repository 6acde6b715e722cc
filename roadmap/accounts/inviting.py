"""The form that invites, for the rooms above: to a team, or to the instance alone."""

from __future__ import annotations

import datetime as dt

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from roadmap.accounts.forms import EmailAddress, one_line

# How long an invitation may be good, in days; the usual choice is the middle one.
DAYS = (2, 14, 60)
ROLE_CHOICES = (
    SelectChoice("member", _l("Member")),
    SelectChoice("manager", _l("Manager")),
)


class InviteForm(FlaskForm):
    """Whom, and for how long. Without an address the link is for whoever comes first."""

    email = EmailField(
        _l("E-mail"),
        [Optional(), Length(max=320), EmailAddress()],
        filters=[one_line],
        render_kw={"autocomplete": "off", "maxlength": 320, "spellcheck": "false"},
    )
    days = SelectField(
        _l("Good for"),
        [InputRequired()],
        choices=[
            SelectChoice("2", _l("2 days")),
            SelectChoice("14", _l("14 days")),
            SelectChoice("60", _l("60 days")),
        ],
        default="14",
    )

    @property
    def lives(self) -> dt.timedelta:
        return dt.timedelta(days=int(self.days.data))


class TeamInviteForm(InviteForm):
    """The same to a team, in a role."""

    role = SelectField(_l("Role"), [InputRequired()], choices=list(ROLE_CHOICES), default="member")
