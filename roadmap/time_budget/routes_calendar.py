"""Import hours from a calendar: choose a file, preview its events, and save the chosen ones."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, flash, request
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core import outbound
from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _
from roadmap.core.limiter import export_slot, fetch_slot, limiter
from roadmap.core.limits import count_rows
from roadmap.core.outbound import AllowedHosts, FetchError
from roadmap.core.web import make_attachment, now, render_page, see_other
from roadmap.people.permissions import permit
from roadmap.time_budget import (
    actions,
    calendar_import,
    calendar_texts,
    deep_work_calendar,
    queries,
)
from roadmap.time_budget.calendar_file import MAX_UNPACKED_BYTES, CalendarError, read_isolated
from roadmap.time_budget.calendar_import import Import
from roadmap.time_budget.forms import DAYS, AddressForm, BlocksForm, CalendarForm
from roadmap.time_budget.models import TimeEntry
from roadmap.time_budget.presentation import duration
from roadmap.time_budget.rules import Week

time_calendar = Blueprint("time_calendar", __name__)

# The timeout for a calendar's host.
FETCH_SECONDS = 10


@time_calendar.get("/time/calendar")
@permit("time.read")
def calendar() -> Response:
    return _render()


@time_calendar.post("/time/calendar/preview")
@permit("time.write")
@limiter.limit("30/minute")
def preview() -> Response:
    """Preview a file. Nothing is saved."""
    form = CalendarForm(today=current_user.today(now()))
    if not form.validate():
        return _render(form, status=422)
    try:
        return _preview(form.file.data.read(), form)
    except CalendarError as error:
        form.file.errors = [calendar_texts.FAULTS[str(error)]]
        return _render(form, status=422)


@time_calendar.errorhandler(413)
def too_large(_error: HTTPException) -> Response:
    """Explain what to do about a file that is too large."""
    if request.endpoint != "time_calendar.preview":
        return render_error(413)
    return render_error(
        413,
        _("The file is larger than 1 MB, so it was not read."),
        _("Put it into a ZIP and choose that, or export fewer months."),
    )


@time_calendar.post("/time/calendar/address/preview")
@permit("time.write")
@limiter.limit("10/minute")
def fetch() -> Response:
    """Preview the calendar at the person's URL."""
    allowed, settings = _allowed_or_404(), queries.budget(db.session, current_user.id)
    url = (settings and settings.calendar_url) or abort(404)
    form = CalendarForm(today=current_user.today(now()))
    # This form only takes the days; its file field belongs to the other button.
    form.file.validators = []
    if not form.validate():
        return _render(form, status=422)
    # Release the database connection while waiting for another server.
    db.session.rollback()
    try:
        with fetch_slot():
            data = outbound.fetch(
                url, allowed, most_bytes=MAX_UNPACKED_BYTES, seconds=FETCH_SECONDS
            )
        return _preview(data, form)
    except FetchError as error:
        flash(calendar_texts.fetch_fault(error, allowed), "error")
    except CalendarError as error:
        flash(calendar_texts.FAULTS[str(error)], "error")
    return _render(form, status=422)


@time_calendar.put("/time/calendar/address")
@permit("time.write")
def save_address() -> BaseResponse:
    allowed, form = _allowed_or_404(), AddressForm()
    if not form.validate():
        return _render(address_form=form, status=422)
    try:
        url = outbound.check_url(form.url.data, allowed)
    except FetchError as error:
        form.url.errors = [calendar_texts.fetch_fault(error, allowed)]
        return _render(address_form=form, status=422)
    actions.save_address(db.session, current_user.id, url)
    flash(_("The address of your calendar is saved."))
    return see_other("time_calendar.calendar")


@time_calendar.delete("/time/calendar/address")
@permit("time.write")
def remove_address() -> BaseResponse:
    actions.save_address(db.session, current_user.id, None)
    flash(_("The address of your calendar is deleted."))
    return see_other("time_calendar.calendar")


@time_calendar.get("/time/calendar/deep-work.ics")
@permit("time.read")
def deep_work() -> Response:
    """Download deep work blocks, or show the form if the choice is missing or invalid."""
    form = BlocksForm(request.args)
    if not form.validate():
        return _render(blocks_form=form, status=422)
    data = deep_work_calendar.write(
        _("Deep work"),
        weekdays=form.days.data,
        start=form.start.data,
        end=form.end.data,
        weeks=form.weeks.data,
        zone=current_user.zone,
        uid=f"deep-work-{current_user.id}@cairn",
        now=now(),
    )
    return make_attachment(data, "text/calendar", "deep-work.ics")


@time_calendar.post("/time/calendar/entries")
@permit("time.write")
def import_entries() -> BaseResponse:
    found = calendar_import.read_signed(
        request.form.get("events", ""), current_user.id, current_app.config["SECRET_KEY"]
    )
    if found is None:
        message = _("The list is older than 12 hours, or not yours. Choose the calendar again.")
        flash(message, "error")
        return see_other("time_calendar.calendar")
    result = actions.save_import(
        db.session,
        current_user.id,
        found,
        _categories(found),
        keep_titles="keep_titles" in request.form,
        now=now(),
    )
    flash(
        _(
            "From your calendar: %(added)d added, %(changed)d changed, %(removed)d "
            "removed, %(same)d unchanged.",
            added=result["added"],
            changed=result["changed"],
            removed=result["removed"],
            same=result["same"],
        )
    )
    week = Week.of(found.last)
    return see_other("time_budget.week", week=week.key, _anchor="entries")


@time_calendar.delete("/time/calendar/titles")
@permit("time.write")
def forget_titles() -> BaseResponse:
    actions.forget_titles(db.session, current_user.id)
    flash(_("The titles from your calendars are deleted. The hours are kept."))
    return see_other("time_calendar.calendar")


@time_calendar.delete("/time/calendar/corrections")
@permit("time.write")
def forget_corrections() -> BaseResponse:
    actions.forget_corrections(db.session, current_user.id)
    flash(_("Your corrections are forgotten. The rules sort every title again."))
    return see_other("time_calendar.calendar")


def _categories(found: Import) -> dict[str, str]:
    known = queries.time_content().by_key
    chosen = {}
    for number, event in enumerate(found.events):
        category = request.form.get(f"category-{number}", "")
        if f"take-{number}" in request.form and category in known:
            chosen[event.key] = category
    return chosen


def _allowed_or_404() -> AllowedHosts:
    allowed: AllowedHosts = current_app.config["CALENDAR_HOSTS"]
    return allowed or abort(404)


def _render(
    form: CalendarForm | None = None,
    *,
    address_form: AddressForm | None = None,
    blocks_form: BlocksForm | None = None,
    status: int = 200,
) -> Response:
    learned = queries.learned_categories(db.session, current_user.id)
    settings = queries.budget(db.session, current_user.id)
    url = settings.calendar_url if settings else None
    return render_page(
        "time_budget/calendar.html",
        status,
        form=form or CalendarForm(today=current_user.today(now()), formdata=None),
        address_form=address_form or AddressForm(formdata=None),
        blocks_form=blocks_form or BlocksForm(formdata=None),
        hosts=current_app.config["CALENDAR_HOSTS"].names,
        # The rest of the URL is secret.
        host=urlsplit(url).hostname if url else None,
        learned=len(learned),
        titled=count_rows(
            db.session, TimeEntry, *queries.calendar_title_conditions(current_user.id)
        ),
    )


def _preview(data: bytes, form: CalendarForm) -> Response:
    """Preview the requested days of a calendar. Raises CalendarError."""
    window = form.window(current_user.timezone)
    with export_slot():
        contents = read_isolated(data, window, form.own_addresses(current_user.email))
    found = calendar_import.make_import(contents, window.first, window.last)
    days = (db.session, current_user.id, found.first, found.last)
    saved = queries.load_calendar_entries(*days, [each.key for each in found.events])
    sorter = actions.load_sorter(db.session, current_user.id)
    by_day: dict[dt.date, list[tuple[int, calendar_import.Row]]] = {}
    for number, row in enumerate(calendar_import.preview_rows(found, saved, sorter)):
        by_day.setdefault(row.event.starts_at.date(), []).append((number, row))
    settings = queries.budget(db.session, current_user.id)
    return render_page(
        "time_budget/calendar_preview.html",
        window=window,
        found=found,
        signed=calendar_import.sign(found, current_user.id, current_app.config["SECRET_KEY"]),
        by_day=by_day,
        by_hand=queries.manual_minutes(*days),
        contents=contents,
        categories=[(each.key, each.title) for each in queries.time_content().categories],
        keep_titles=bool(settings and settings.keep_titles),
        texts=calendar_texts,
        duration=duration,
        days=DAYS,
    )
