"""Labels of calendar entries."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_skeleton
from flask_babel import LazyString

from roadmap.calendar.rules import Entry
from roadmap.core.i18n import _, _l, current_locale, date_filter, ngettext

KINDS: dict[str, LazyString] = {
    "milestone": _l("Target date"),
    "roadmap": _l("Target date of the roadmap"),
    "renewal": _l("Time to renew"),
    "expiry": _l("Last day it counts"),
}


def summary(entry: Entry) -> str:
    """Return the title of an entry in a calendar."""
    texts = {
        "renewal": _("Renew: %(title)s", title=entry.title),
        "roadmap": _("Target date: %(title)s", title=entry.title),
        "expiry": _("Last day: %(title)s", title=entry.title),
    }
    return texts.get(entry.kind, entry.title)


def relative_day(entry: Entry, today: dt.date) -> str:
    """Describe the day of an entry relative to today."""
    days = (entry.day - today).days
    if days <= 0 and entry.last_day:
        return _time_left(entry.last_day, today)
    if days < 0:
        return str(ngettext("%(num)d day late", "%(num)d days late", -days))
    if days == 0:
        return str(_("today"))
    return str(ngettext("in %(num)d day", "in %(num)d days", days))


def _time_left(last_day: dt.date, today: dt.date) -> str:
    if last_day == today:
        return str(_("last day today"))
    return str(
        ngettext(
            "%(num)d day left, valid through %(day)s",
            "%(num)d days left, valid through %(day)s",
            (last_day - today).days,
            day=date_filter(last_day),
        )
    )


def month_title(month: dt.date) -> str:
    """Return the name and year of a month, such as "December 2026"."""
    return str(format_skeleton("yMMMM", month, locale=current_locale()))
