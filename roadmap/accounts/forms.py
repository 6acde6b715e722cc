"""The forms of the account: what is asked, and why an answer is refused."""

from __future__ import annotations

import datetime as dt
import unicodedata
import zoneinfo
from functools import lru_cache

from babel import Locale
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from roadmap.accounts import passwords
from roadmap.accounts.api_tokens import MOST_DAYS, USUAL_DAYS
from roadmap.core.language import FORMATS, show_date, show_number
from roadmap.core.text import one_line
from roadmap.people.models import THEMES


def as_read(value: str | None) -> str | None:
    """A text as a form was opened with it; None where the form does not say."""
    return None if value is None else one_line(value)


def checked_email(text: str) -> str:
    """The address as it is written to. Raises ValueError with a reason in English."""
    try:
        found = validate_email(
            unicodedata.normalize("NFKC", text).strip(),
            check_deliverability=False,
            # A house may have names of its own, which only its own network knows.
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    if "=?" in found.normalized:
        # A mail program would decode it, and write to somebody else.
        raise ValueError("An address with “=?” in it is not written to.")
    if len(found.normalized) > 320:
        raise ValueError("The e-mail address is too long.")
    return found.normalized


@lru_cache(maxsize=1)
def zone_choices() -> tuple[SelectChoice, ...]:
    """Every time zone by region, UTC first."""
    skipped = ("posix/", "right/", "Etc/", "SystemV/")
    names = sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(skipped)
    )
    return (
        SelectChoice("UTC", "UTC"),
        *(
            SelectChoice(
                name, name.partition("/")[2].replace("_", " "), optgroup=name.partition("/")[0]
            )
            for name in names
        ),
    )


@lru_cache(maxsize=1)
def format_choices() -> tuple[SelectChoice, ...]:
    """Every way to write dates and numbers, by an example of it."""
    day = dt.date(2026, 3, 25)
    return tuple(
        SelectChoice(
            name,
            f"{Locale.parse(name).get_display_name('en')}: "
            f"{show_date(day, name)}, {show_number(1234.5, name)}",
        )
        for name in FORMATS
    )


class Required(InputRequired):
    """Something has to be there that is more than spaces."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and not field.data.strip():
            raise ValidationError(self.message)


class EmailAddress:
    """Checks an address and puts it in the form that is written to."""

    def __call__(self, form: FlaskForm, field: Field) -> None:
        try:
            field.data = checked_email(field.data or "")
        except ValueError:
            raise ValidationError(
                _("This is not an e-mail address. It looks like name@example.org.")
            ) from None


def password_field(label: str, use: str) -> PasswordField:
    """A password as it was typed, byte for byte."""
    return PasswordField(
        label,
        [InputRequired(_l("Type the password."))],
        # No maxlength: a browser would cut a longer one without a word.
        render_kw={"autocomplete": use},
    )


def name_field() -> StringField:
    return StringField(
        _l("Name"),
        [Required(_l("Type your name.")), Length(max=200)],
        filters=[one_line],
        render_kw={"autocomplete": "name", "maxlength": 200},
    )


def email_field(label: str) -> EmailField:
    return EmailField(
        label,
        [Required(_l("Type your e-mail address.")), EmailAddress()],
        filters=[one_line],
        render_kw={"autocomplete": "username", "maxlength": 320, "spellcheck": "false"},
    )


class SignInForm(FlaskForm):
    email = EmailField(
        _l("E-mail"),
        [Required(_l("Type your e-mail address.")), Length(max=320)],
        filters=[one_line],
        render_kw={"autocomplete": "username", "maxlength": 320, "spellcheck": "false"},
    )
    password = password_field(_l("Password"), "current-password")


class SignUpForm(FlaskForm):
    name = name_field()
    email = email_field(_l("E-mail"))
    password = password_field(_l("Password"), "new-password")

    def validate_password(self, field: Field) -> None:
        refuse_bad(field, name=self.name.data or "", email=self.email.data or "")


class InvitedForm(SignUpForm):
    """An account for somebody invited; where the invitation names an address, it is that one."""

    def __init__(self, *, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to
        if bound_to:
            del self.email

    def validate_password(self, field: Field) -> None:
        email = self.bound_to or self.email.data or ""
        refuse_bad(field, name=self.name.data or "", email=email)


class ForgotForm(FlaskForm):
    email = email_field(_l("E-mail"))


class NewPasswordForm(FlaskForm):
    """A new password; the person's name and address are told so that it may not contain them."""

    password = password_field(_l("New password"), "new-password")

    def __init__(self, *, person_name: str, person_email: str) -> None:
        super().__init__()
        self.person = {"name": person_name, "email": person_email}

    def validate_password(self, field: Field) -> None:
        refuse_bad(field, **self.person)


class ChangePasswordForm(NewPasswordForm):
    current_password = password_field(_l("Current password"), "current-password")


class ConfirmForm(FlaskForm):
    password = password_field(_l("Password"), "current-password")


class EmailForm(FlaskForm):
    email = email_field(_l("New e-mail address"))


class ProfileForm(FlaskForm):
    name = name_field()
    timezone = SelectField(_l("Time zone"), [InputRequired()], choices=lambda: list(zone_choices()))
    theme = SelectField(
        _l("Appearance"),
        [InputRequired()],
        choices=[
            SelectChoice("system", _l("As this device is set")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )
    locale = SelectField(
        _l("Dates and numbers"),
        choices=lambda: list(format_choices()),
        # A form that does not have it leaves it as it is.
        default=lambda: current_user.locale,
        render_kw={"required": True},
    )
    # What was saved when the form was opened: a field that was left so is not written.
    name_read = HiddenField(filters=[as_read])
    timezone_read = HiddenField()
    theme_read = HiddenField()
    locale_read = HiddenField()

    def validate_theme(self, field: Field) -> None:
        if field.data not in THEMES:
            raise ValidationError(_("Choose one of the list."))


class TokenForm(FlaskForm):
    """A personal token of the API: what it is for, what it may do, and how long it lives."""

    name = StringField(
        _l("What is it for"),
        [Required(_l("Name it after what uses it.")), Length(max=100)],
        filters=[one_line],
        render_kw={"maxlength": 100, "autocomplete": "off"},
    )
    scope = RadioField(
        _l("What it may do"),
        choices=[
            SelectChoice("read", _l("Read: what you can see here")),
            SelectChoice("write", _l("Read and write: what you can do here, with few exceptions")),
        ],
        default="read",
    )
    days = IntegerField(
        _l("Days that it lives"),
        [
            InputRequired(_l("Say for how many days it should work.")),
            NumberRange(1, MOST_DAYS, _l("Between 1 and 365 days.")),
        ],
        default=USUAL_DAYS,
        render_kw={"inputmode": "numeric"},
    )


def refuse_bad(field: Field, *, name: str, email: str) -> None:
    """Raises ValidationError with the reason where a password is not good enough."""
    reason = passwords.fault(field.data or "", name=name, email=email)
    if reason:
        raise ValidationError(reason)
