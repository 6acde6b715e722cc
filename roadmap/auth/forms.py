"""Forms for signing in and for passwords."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, HiddenField, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from roadmap.auth import passwords
from roadmap.auth.email_addresses import parse_email
from roadmap.core.clock import timezone_names
from roadmap.core.fields import at_most
from roadmap.core.i18n import _l
from roadmap.core.text import clean_line

NOT_AN_ADDRESS = _l("This is not an e-mail address. Enter one like name@example.org.")


def normalize_email(_form: FlaskForm, field: Field) -> None:
    """Validate and normalize an address."""
    try:
        field.data = parse_email(field.data or "")
    except ValueError:
        raise ValidationError(NOT_AN_ADDRESS) from None


def password_field(label: str, use: str) -> PasswordField:
    """Return a password field whose value is not normalized."""
    return PasswordField(
        label,
        [InputRequired(_l("Enter a password."))],
        # No maxlength, because browsers would silently truncate longer input.
        render_kw={"autocomplete": use},
    )


def name_field() -> StringField:
    return StringField(
        _l("Name"),
        [DataRequired(_l("Enter your name.")), at_most(200)],
        filters=[clean_line],
        render_kw={"autocomplete": "name"},
    )


def email_field(label: str, check: Length | None = None) -> EmailField:
    """Return a field for an address, which is validated by `check` or else normalized."""
    return EmailField(
        label,
        [DataRequired(_l("Enter your e-mail address.")), check or normalize_email],
        filters=[clean_line],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )


def timezone_field() -> HiddenField:
    """Return the field for the time zone of a new account, which a script fills in.

    Without a script or for an unknown zone, the value is UTC.
    """
    return HiddenField(
        filters=[lambda name: name if name in timezone_names() else "UTC"],
        render_kw={"data-timezone": True},
    )


class SignInForm(FlaskForm):
    email = email_field(_l("E-mail"), Length(max=320))
    password = password_field(_l("Password"), "current-password")


class SignUpForm(FlaskForm):
    name = name_field()
    email = email_field(_l("E-mail"))
    password = password_field(_l("Password"), "new-password")
    timezone = timezone_field()

    def validate_password(self, field: Field) -> None:
        validate_password_strength(field, name=self.name.data or "", email=self.email.data or "")


class EmailForm(FlaskForm):
    email = email_field(_l("E-mail"))


class NewPasswordForm(FlaskForm):
    """A new password, which must not contain the person's name or address."""

    password = password_field(_l("New password"), "new-password")

    def __init__(self, *, person_name: str, person_email: str) -> None:
        super().__init__()
        self.person = {"name": person_name, "email": person_email}

    def validate_password(self, field: Field) -> None:
        validate_password_strength(field, **self.person)


class FirstPasswordForm(NewPasswordForm):
    """The first password of an account that nobody has signed in to yet."""

    timezone = timezone_field()


class ConfirmPasswordForm(FlaskForm):
    password = password_field(_l("Password"), "current-password")


def validate_password_strength(field: Field, *, name: str, email: str) -> None:
    """Raise ValidationError with the reason if a password is not good enough."""
    reason = passwords.find_weakness(field.data or "", name=name, email=email)
    if reason:
        raise ValidationError(reason)
