"""The forms of the members page of a team."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import DataRequired, InputRequired

from roadmap.core.i18n import _, _l
from roadmap.invitations.forms import email_field, role_field
from roadmap.people.models import Team
from roadmap.people.roles import DEFAULT_ROLE


class RoleForm(FlaskForm):
    role = role_field()


class MoveForm(FlaskForm):
    """The new team of a member."""

    to = SelectField(_l("To the team"), [InputRequired(_l("Choose a team."))])

    def __init__(self, teams: Sequence[Team], **values: object) -> None:
        super().__init__(**values)
        self.to.choices = [("", _("Choose a team")), *((each.slug, each.name) for each in teams)]


class AddForm(FlaskForm):
    """Adds a person with an existing account by e-mail address."""

    # A prefix, because the invitation form on the same page has fields with the same names.
    def __init__(self, **values: object) -> None:
        super().__init__(prefix="add-", **values)

    email = email_field(DataRequired(_l("Enter the e-mail address of the account.")))
    role = role_field(default=DEFAULT_ROLE)
