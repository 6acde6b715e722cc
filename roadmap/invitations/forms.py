"""Forms to create and accept invitations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import EmailField, Field, SelectField, TextAreaField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from roadmap.auth.email_addresses import email_key, parse_email
from roadmap.auth.forms import (
    NOT_AN_ADDRESS,
    SignUpForm,
    normalize_email,
    validate_password_strength,
)
from roadmap.auth.rate_limits import MAX_PER_INVITER
from roadmap.core.i18n import _, _l
from roadmap.core.text import clean_line, clean_multiline, shorten
from roadmap.invitations.addresses import Entry, split_addresses
from roadmap.people.roles import DEFAULT_ROLE, ROLES

MAX_ADDRESS_LENGTH = 320


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
        [first, Length(max=MAX_ADDRESS_LENGTH), normalize_email],
        filters=[clean_line],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


def role_field(default: str | None = None) -> SelectField:
    """Build the field that chooses a role."""
    choices = [SelectChoice(key, role.label) for key, role in ROLES.items()]
    return SelectField(_l("Role"), [InputRequired()], choices=choices, default=default)


class InviteForm(FlaskForm):
    """The invited addresses and the lifetime. Without an address, anyone can use the link."""

    # As many as the rate limit allows.
    max_addresses = MAX_PER_INVITER
    email = TextAreaField(
        _l("E-mail"),
        [Optional()],
        filters=[clean_multiline],
        render_kw={"autocomplete": "off", "spellcheck": "false", "inputmode": "email"},
    )
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

    # The addresses, normalized by validation.
    entries: Sequence[Entry] = ()

    def validate_email(self, field: Field) -> None:
        self.entries = split_addresses(field.data) or [Entry(1, field.data)]
        if len(self.entries) > self.max_addresses:
            raise ValidationError(
                _(
                    "These are %(num)d addresses, and the maximum is %(most)d at a time. Invite "
                    "the others afterwards.",
                    num=len(self.entries),
                    most=self.max_addresses,
                )
            )
        lines: dict[str, int] = {}
        faults = []
        valid = []
        for entry in self.entries:
            try:
                valid.append(Entry(entry.line, parse_email(entry.address)))
            except ValueError:
                is_long = len(entry.address) > MAX_ADDRESS_LENGTH
                too_long = _("At most %(max)d characters.", max=MAX_ADDRESS_LENGTH)
                faults.append((entry, too_long if is_long else NOT_AN_ADDRESS))
                continue
            key = email_key(valid[-1].address)
            if key in lines:
                repeated = _("This address is already on line %(line)d.", line=lines[key])
                faults.append((entry, repeated))
            lines.setdefault(key, entry.line)
        if faults:
            raise ValidationError(self.describe_faults(faults))
        self.entries = valid

    def describe_faults(self, faults: Iterable[tuple[Entry, str]]) -> str:
        """Return the faults as one text, each with its line if several addresses were entered."""
        if len(self.entries) <= 1:
            return next(str(fault) for _entry, fault in faults)
        return Markup("<br>").join(
            _(
                "Line %(line)d, %(address)s: %(fault)s",
                line=entry.line,
                address=shorten(entry.address),
                fault=fault,
            )
            for entry, fault in faults
        )

    @property
    def lifetime(self) -> dt.timedelta:
        return dt.timedelta(days=int(self.days.data))


class TeamInviteForm(InviteForm):
    """An invitation to a team, with a role."""

    role = role_field(default=DEFAULT_ROLE)
