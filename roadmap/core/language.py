"""Language, dates and numbers, in the locale and zone of the person."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask, request
from flask_babel import Babel, get_translations
from flask_login import current_user

from roadmap.core.markdown import to_html

LOCALES = ("en",)

babel = Babel()


def locale() -> str:
    if current_user and current_user.is_authenticated:
        chosen: str = current_user.locale
        return chosen
    return request.accept_languages.best_match(LOCALES, "en") if request else "en"


def zone() -> str:
    if current_user and current_user.is_authenticated:
        name: str = current_user.timezone
        return name
    return "UTC"


def _formatting_locale() -> str:
    return str(current_user.locale if current_user and current_user.is_authenticated else "en")


@lru_cache(maxsize=4096)
def show_date(value: dt.date, locale: str = "en") -> str:
    """A date as people write it: 5 Mar 2026."""
    if locale == "en":
        return f"{value.day} {value:%b %Y}"
    return format_date(value, "medium", locale=locale)


def date_filter(value: dt.date | dt.datetime | None) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        user_zone = getattr(current_user, "zone", None) if current_user else None
        value = value.astimezone(user_zone or dt.UTC).date()
    return show_date(value, _formatting_locale())


def moment_filter(value: dt.datetime | None) -> str:
    if value is None:
        return ""
    user_zone = getattr(current_user, "zone", None) if current_user else None
    return format_datetime(
        value.astimezone(user_zone or dt.UTC), "d MMM y, HH:mm", locale=_formatting_locale()
    )


def number_filter(value: Any, pattern: str | None = None) -> str:
    return (
        "" if value is None else format_decimal(value, format=pattern, locale=_formatting_locale())
    )


def _gettext(text: str) -> str:
    """The translation as it stands; Jinja puts the values in."""
    translated: str = get_translations().ugettext(text)
    return translated


def _ngettext(one: str, many: str, count: int) -> str:
    translated: str = get_translations().ungettext(one, many, count)
    return translated


def init_language(app: Flask) -> None:
    babel.init_app(app, locale_selector=locale, timezone_selector=zone)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def chrome() -> dict[str, Any]:
        """What every page's frame needs to know of its reader."""
        person = current_user if current_user and current_user.is_authenticated else None
        return {"locale": locale(), "theme": person.theme if person else ""}

    app.jinja_env.filters.update(
        date=date_filter, moment=moment_filter, number=number_filter, markdown=to_html
    )
