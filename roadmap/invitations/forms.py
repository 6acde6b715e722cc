"""Forms to create and accept invitations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from roadmap.auth.forms import SignUpForm, normalize_email, validate_password_strength
from roadmap.core.i18n import lazy_gettext as _l
from roadmap.core.text import clean_line
from roadmap.people.roles import DEFAULT_ROLE, ROLES


class AcceptInvitationForm(SignUpForm):
    """A new account, with the address of the invitation if it has one."""

    def __init__(self, *, invited_email: str) -> None:
        super().__init__()
        self.invited_email = invited_email
        if invited_email:
            del self.email

    def validate_password(self, field: Field) -> None:
        email = self.invited_email or self.email.data or ""
        validate_password_strength(field, name=self.name.data or "", email=email)


def email_field(first: Callable[..., None]) -> EmailField:
    """Build the field for another person's address; `first` is the first validator."""
    return EmailField(
        _l("E-mail"),
        [first, Length(max=320), normalize_email],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


def role_field(default: str | None = None) -> SelectField:
    """Build the field that chooses a role."""
    choices = [SelectChoice(key, role.label) for key, role in ROLES.items()]
    return SelectField(_l("Role"), [InputRequired()], choices=choices, default=default)


class InviteForm(FlaskForm):
    """The invited address and the lifetime. Without an address, anyone can use the link."""

    email = email_field(Optional())
    days = SelectField(
        _l("Valid for"),
        [InputRequired()],
        choices=[
            SelectChoice("2", _l("2 days")),
            SelectChoice("14", _l("14 days")),
            SelectChoice("60", _l("60 days")),
        ],
        default="14",
    )

    @property
    def lifetime(self) -> dt.timedelta:
        return dt.timedelta(days=int(self.days.data))


class TeamInviteForm(InviteForm):
    """An invitation to a team, with a role."""

    role = role_field(default=DEFAULT_ROLE)
