"""Translations, and dates and numbers in the user's locale and time zone."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_month_names
from babel.lists import format_list
from babel.numbers import format_decimal
from flask import Flask, g, has_app_context, has_request_context, request
from flask_babel import Babel, LazyString, force_locale, get_translations
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from roadmap.core.config import ROOT
from roadmap.core.dates import PartialDate, local_date
from roadmap.core.link_hosts import deceptive_host
from roadmap.core.text import fold


def list_languages(folder: Path) -> tuple[str, ...]:
    """Return English and the languages with a compiled catalog in the folder."""
    catalogs = folder.glob("*/LC_MESSAGES/messages.mo")
    return ("en", *sorted({path.parts[-3] for path in catalogs} - {"en"}))


LANGUAGES = list_languages(ROOT / "translations")
# Locales for date and number formats, independent of the language. `en` is a format of Cairn's
# own: 5 Mar 2026.
_LOCALES = ["en", "en_GB", "en_US", "de", "de_CH", "es", "fr", "it", "nl", "pl", "pt_BR", "sv"]
FORMAT_LOCALES = tuple(dict.fromkeys((*_LOCALES, *LANGUAGES)))

babel = Babel()


def current_reader() -> Any:
    """Return the signed-in user or None, looked up once per request."""
    try:
        return g.reader
    except (AttributeError, RuntimeError):
        person = current_user._get_current_object() if has_request_context() else None
        found = person if person is not None and person.is_authenticated else None
        if has_app_context():
            g.reader = found
        return found


def page_language(locale: str) -> str:
    """Return the interface language for a locale."""
    return next((name for name in (locale, locale.partition("_")[0]) if name in LANGUAGES), "en")


def current_locale() -> str:
    """Return the user's locale for dates and numbers."""
    if (person := current_reader()) is not None:
        return str(person.locale)
    return request.accept_languages.best_match(LANGUAGES, "en") if request else "en"


_parse_locale = lru_cache(maxsize=64)(Locale.parse)


def _formatting_locale() -> str:
    person = current_reader()
    return str(person.locale) if person is not None else "en"


def current_tzinfo() -> dt.tzinfo:
    """Return the user's time zone."""
    person = current_reader()
    return ZoneInfo(person.timezone) if person is not None else dt.UTC


@contextlib.contextmanager
def render_for(person: Any) -> Iterator[None]:
    """Write texts, dates and numbers for this user, such as in a mail to them.

    Flask-Babel's `force_locale` alone would keep the translations and the reader of the request.
    """
    names = ("reader", "translations")
    before = {name: g.pop(name) for name in names if name in g}
    g.reader = person
    try:
        with force_locale(person.locale):
            yield
    finally:
        for name in names:
            g.pop(name, None)
        for name, value in before.items():
            setattr(g, name, value)


@lru_cache(maxsize=4096)
def show_date(value: dt.date | PartialDate, locale: str = "en") -> str:
    """Format a date with its own precision: 5 Mar 2026, Mar 2026 or 2026."""
    if isinstance(value, PartialDate):
        if len(value) < len("2026-03-05"):
            return show_month(value, locale)
        value = value.first
    return format_date(value, "d MMM y" if locale == "en" else "medium", locale=locale)


def show_date_to(person: Any, moment: dt.datetime) -> str:
    """Format the date of a moment in a person's own zone and locale, even if not signed in."""
    return show_date(local_date(moment, person.timezone), person.locale)


def date_filter(value: dt.date | dt.datetime | PartialDate | None) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = value.astimezone(current_tzinfo()).date()
    return show_date(value, _formatting_locale())


@lru_cache(maxsize=1024)
def show_month(value: PartialDate, locale: str = "en") -> str:
    """Format a partial date as a month or a year: Mar 2026, 2026."""
    is_year = len(value) == len("2026")
    return str(value) if is_year else format_skeleton("yMMM", value.first, locale=locale)


@lru_cache(maxsize=64)
def month_names(locale: str) -> dict[str, int]:
    """Map folded month names in English and this locale to month numbers."""
    return {
        fold(name).strip("."): number
        for language in ("en", locale)
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    }


def show_time(value: dt.datetime, locale: str = "en") -> str:
    """Format the time of day in the time zone of `value`: 14:30."""
    return f"{value:%H:%M}" if locale == "en" else format_time(value, "short", locale=locale)


@lru_cache(maxsize=4096)
def show_number(value: Any, locale: str = "en", pattern: str | None = None) -> str:
    """Format a number for the locale: 1,234.5 or 1.234,5."""
    return format_decimal(value, format=pattern, locale=locale)


def moment_filter(value: dt.datetime | None) -> str:
    return "" if value is None else f"{date_filter(value)}, {time_filter(value)}"


def time_filter(value: dt.datetime | None) -> str:
    if value is None:
        return ""
    return show_time(value.astimezone(current_tzinfo()), _formatting_locale())


def points_filter(value: Any) -> str:
    """Format readiness points with one decimal, rounding half away from zero."""
    if value is None:
        return ""
    return number_filter(Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP), "0.0")


def number_filter(value: Any, pattern: str | None = None) -> str:
    return "" if value is None else show_number(value, _formatting_locale(), pattern)


def join_names(names: Iterable[object]) -> str:
    """Join names for use in a sentence: "Ana, Ben, and Carla"."""
    return format_list([str(each) for each in names], locale=page_language(current_locale()))


def _translations() -> Any:
    """Return the request's translations, cached because a page has about a hundred texts."""
    try:
        # Attribute access through the proxy takes three times as long.
        return g._get_current_object().translations
    except (AttributeError, RuntimeError):
        found = get_translations()
        if has_app_context():
            g.translations = found
        return found


# Letters of right-to-left scripts such as Hebrew and Arabic.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def isolate_rtl(values: dict[str, Any]) -> dict[str, Any]:
    """Wrap right-to-left values in Unicode isolates, so that they do not reorder the text around.

    Isolates also work in page titles and mail, where the element `bdi` does not.
    """
    return {
        name: type(value)(f"\u2068{value}\u2069")
        if isinstance(value, str) and not value.isascii() and _RIGHT_TO_LEFT.search(value)
        else value
        for name, value in values.items()
    }


def gettext(text: str, **values: Any) -> str:
    """Translate a text and insert the values. Faster than Flask-Babel's `gettext`."""
    translated: str = _translations().ugettext(text)
    return translated % isolate_rtl(values) if values else translated


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Translate the singular or plural for `num`, which is also inserted."""
    translated: str = _translations().ungettext(one, many, num)
    return translated % {"num": num, **isolate_rtl(values)}


class LazyText(LazyString):
    """A text that is translated when it is rendered.

    Flask-Babel marks its lazy strings as safe HTML, so templates would not escape the values.
    """

    def __html__(self) -> Markup:
        """Return the escaped text for a template."""
        return escape(str(self))


def lazy_gettext(text: str, **values: Any) -> LazyText:
    """Return a text that is translated when it is rendered."""
    return LazyText(gettext, text, **values)


# The names by which texts are extracted, as other code imports them.
_, _l = gettext, lazy_gettext


def plural_template(one: str, many: str, num: int) -> str:
    """Translate the singular or plural without inserting values."""
    translated: str = _translations().ungettext(one, many, num)
    return translated


@pass_eval_context
def _template_gettext(context: EvalContext, text: str, **values: Any) -> str:
    """Translate a template's text. Values are escaped if the template autoescapes."""
    return _interpolate(context, _translations().ugettext(text), values)


@pass_eval_context
def _template_ngettext(context: EvalContext, one: str, many: str, num: int, **values: Any) -> str:
    return _interpolate(context, _translations().ungettext(one, many, num), {"num": num, **values})


def _interpolate(context: EvalContext, translated: str, values: dict[str, Any]) -> str:
    text = Markup(translated) if context.autoescape else translated  # noqa: S704 - our own text
    # Formatting without values is still needed to turn "%%" into a percent sign.
    return text % isolate_rtl(values) if values or "%" in translated else text


def init_i18n(app: Flask) -> None:
    babel.init_app(app, locale_selector=lambda: _parse_locale(current_locale()))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension adds it
    # Jinja's own `_` would look up `gettext` on every call.
    app.jinja_env.globals.update(
        _=_template_gettext, gettext=_template_gettext, ngettext=_template_ngettext
    )
    # Line breaks in a template's text become one space, as in the catalog.
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def layout_context() -> dict[str, Any]:
        """Return the page layout's locale and theme."""
        person = current_reader()
        return {"locale": page_language(current_locale()), "theme": person.theme if person else ""}

    app.jinja_env.filters.update(
        date=date_filter, moment=moment_filter, time=time_filter, number=number_filter,
        points=points_filter, joined=join_names, deceptive_host=deceptive_host,
    )  # fmt: skip
