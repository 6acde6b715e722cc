"""The forms of the members of a team."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import DataRequired, InputRequired

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.invitations.forms import email_field, role_field
from roadmap.people.models import Team
from roadmap.people.roles import DEFAULT_ROLE


class RoleForm(FlaskForm):
    role = role_field()


class MoveForm(FlaskForm):
    """The team that a member moves to."""

    to = SelectField(_l("To the team"), [InputRequired(_l("Choose a team."))])

    def __init__(self, teams: Sequence[Team], **values: object) -> None:
        super().__init__(**values)
        self.to.choices = [("", _("Choose a team")), *((each.slug, each.name) for each in teams)]


class AddForm(FlaskForm):
    """Somebody who has an account already, by their address."""

    # A prefix, because the page holds the invitation's fields of the same names as well.
    def __init__(self, **values: object) -> None:
        super().__init__(prefix="add-", **values)

    email = email_field(DataRequired(_l("Enter the e-mail address of the account.")))
    role = role_field(default=DEFAULT_ROLE)
