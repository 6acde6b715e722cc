"""The calendar page and its iCalendar feed."""

from __future__ import annotations

from calendar import Calendar

from babel import Locale
from babel.dates import get_day_names
from flask import Blueprint, Response, abort, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.auth.queries import find_by_token
from roadmap.calendar import actions, feed, labels, queries, rules
from roadmap.calendar.models import CalendarFeed
from roadmap.core.database import db
from roadmap.core.dates import local_date, months_later
from roadmap.core.i18n import _, current_locale, render_for
from roadmap.core.limiter import limiter
from roadmap.core.proxy import public_base_url
from roadmap.core.web import form_key, now, prevent_indexing, render_page, see_other
from roadmap.people.permissions import permit

calendar = Blueprint("calendar", __name__)


@calendar.get("/calendar")
@permit("calendar.read")
def index() -> Response:
    """Show a month (`?month=2026-12`) and the list of late and upcoming entries."""
    today = current_user.today(now())
    month = rules.month_of(request.args.get("month", ""), today)
    entries = queries.load_entries(db.session, current_user.id, today)
    locale = Locale.parse(current_locale())
    weeks = Calendar(locale.first_week_day).monthdatescalendar(month.year, month.month)
    shown: dict[object, list[rules.Entry]] = {day: [] for week in weeks for day in week}
    for each in entries:
        if each.day in shown:
            shown[each.day].append(each)
    short, full = (get_day_names(width, "stand-alone", locale) for width in ("abbreviated", "wide"))
    return render_page(
        "calendar/index.html",
        entries=entries,
        late=[each for each in entries if each.is_late(today)],
        coming=[each for each in entries if each.day >= today],
        month=month,
        beside=(months_later(month, -1), months_later(month, 1)),
        weeks=weeks,
        shown=shown,
        weekdays=[(short[day.weekday()], full[day.weekday()]) for day in weeks[0]],
        feed=queries.find_feed(db.session, current_user.id),
        today=today,
        labels=labels,
    )


@calendar.post("/calendar/address")
@permit("calendar.write")
def make_address() -> Response:
    """Create a feed URL, which replaces the previous one, and show it once."""
    token = actions.create_feed(db.session, current_user.id, now=now(), key=form_key())
    address = f"{public_base_url()}/calendar/{token}.ics"
    return render_page("calendar/address.html", 201, address=address)


@calendar.delete("/calendar/address")
@permit("calendar.write")
def revoke_address() -> BaseResponse:
    actions.revoke_feed(db.session, current_user.id, now=now())
    flash(_("The address is revoked. Calendars that use it no longer get your dates."))
    return see_other("calendar.index", _anchor="subscribe")


@calendar.get("/calendar/<token>.ics")
@permit("public")
@limiter.limit("120/minute")
def read_feed(token: str) -> Response:
    """Return the calendar of a token. All invalid tokens get the same 404."""
    found = find_by_token(db.session, CalendarFeed, token)
    if found is None:
        abort(404)
    address, owner = found
    today = local_date(now(), owner.timezone)
    feed_id, is_first_today = address.id, address.last_read_on != today
    entries = queries.load_entries(db.session, owner.id, today)
    with render_for(owner):
        data = feed.write(
            entries,
            labels.summary,
            name=_("Cairn: target dates"),
            owner=owner.id.hex,
            base=public_base_url(),
            now=now(),
        )
    if is_first_today:
        # A GET has a read-only transaction, so the day is written in a separate one.
        db.write_or_log(
            lambda own: actions.record_access(own, feed_id, today),
            what=f"calendar address {feed_id} was read",
        )
    response = prevent_indexing(Response(data, mimetype="text/calendar"))
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers.set("Content-Disposition", "inline", filename="cairn.ics")
    response.add_etag()
    response.make_conditional(request)
    return response
