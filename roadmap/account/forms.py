"""Forms of the account pages: profile, address, password, tokens."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from babel import Locale
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, NumberRange

from roadmap.auth.api_tokens import DEFAULT_DAYS, MAX_DAYS
from roadmap.auth.forms import NewPasswordForm, email_field, name_field, password_field
from roadmap.core.clock import timezone_names
from roadmap.core.fields import WholeNumberField, at_most
from roadmap.core.i18n import FORMAT_LOCALES, LANGUAGES, _l, show_date, show_number
from roadmap.core.text import clean_line
from roadmap.people.scopes import SCOPES


@lru_cache(maxsize=1)
def timezone_choices() -> list[SelectChoice]:
    """Return all time zones by region, UTC first."""
    choices = [SelectChoice("UTC", "UTC")]
    for name in timezone_names()[1:]:
        region, _slash, place = name.partition("/")
        choices.append(SelectChoice(name, place.replace("_", " "), optgroup=region))
    return choices


@lru_cache(maxsize=1)
def locale_choices() -> list[SelectChoice]:
    """Return all formats of dates and numbers, with examples."""
    return [
        SelectChoice(name, LOCALE_EXAMPLES.get(name) or locale_example(name))
        for name in FORMAT_LOCALES
    ]


def locale_example(name: str) -> str:
    """Return the name of a locale with a formatted date and number."""
    language = Locale.parse(name).get_display_name("en")
    day = dt.date(2026, 3, 25)
    return f"{language}: {show_date(day, name)}, {show_number(1234.5, name)}"


# The results of `locale_example`, because loading a dozen locales takes 7 MiB per worker.
LOCALE_EXAMPLES = {
    "en": "English: 25 Mar 2026, 1,234.5",
    "en_GB": "English (United Kingdom): 25 Mar 2026, 1,234.5",
    "en_US": "English (United States): Mar 25, 2026, 1,234.5",
    "de": "German: 25.03.2026, 1.234,5",
    "de_CH": "German (Switzerland): 25.03.2026, 1\u2019234.5",
    "es": "Spanish: 25 mar 2026, 1.234,5",
    "fr": "French: 25 mars 2026, 1\u202f234,5",
    "it": "Italian: 25 mar 2026, 1.234,5",
    "nl": "Dutch: 25 mrt 2026, 1.234,5",
    "pl": "Polish: 25 mar 2026, 1\xa0234,5",
    "pt_BR": "Portuguese (Brazil): 25 de mar. de 2026, 1.234,5",
    "sv": "Swedish: 25 mars 2026, 1\xa0234,5",
}


class ChangePasswordForm(NewPasswordForm):
    current_password = password_field(_l("Current password"), "current-password")


class ChangeEmailForm(FlaskForm):
    email = email_field(_l("New e-mail address"))


class ProfileForm(FlaskForm):
    name = name_field()
    timezone = SelectField(_l("Time zone"), [InputRequired()], choices=timezone_choices)
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
        _l("Language, dates and numbers") if len(LANGUAGES) > 1 else _l("Dates and numbers"),
        choices=locale_choices,
        render_kw={"required": True},
    )
    # The stored values when the form was opened; fields still equal to them are not written.
    name_read = HiddenField()
    timezone_read = HiddenField()
    theme_read = HiddenField()
    locale_read = HiddenField()


class TokenForm(FlaskForm):
    """A personal API token: its name, scope and lifetime."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Name it after the script or tool that will use it.")), at_most(100)],
        filters=[clean_line],
        render_kw={"autocomplete": "off"},
    )
    scope = RadioField(
        _l("Scope"),
        choices=[
            SelectChoice(key, _l("%(scope)s: %(may)s", scope=each.label, may=each.description))
            for key, each in SCOPES.items()
        ],
        default="read",
    )
    days = WholeNumberField(
        _l("Valid for (days)"),
        [
            InputRequired(_l("Enter the number of days it should be valid.")),
            NumberRange(1, MAX_DAYS, _l("Between 1 and 365 days.")),
        ],
        default=DEFAULT_DAYS,
        render_kw={"inputmode": "numeric"},
    )
