"""The pages of the week, visible only to the person."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.fields import EARLIEST_DAY
from roadmap.core.i18n import _
from roadmap.core.stale_forms import StaleForm
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.progress.queries import milestone_links
from roadmap.time_budget import actions, presentation, queries
from roadmap.time_budget.forms import EntryForm, LimitsForm
from roadmap.time_budget.models import TimeBudget, TimeEntry
from roadmap.time_budget.presentation import duration
from roadmap.time_budget.rules import Week

time_budget = Blueprint("time_budget", __name__)

TREND_WEEKS = 12
# After an entry, the form keeps its day and category for this long, to enter several in a row.
PREFILL_PERIOD = dt.timedelta(minutes=30)


@time_budget.get("/time")
@permit("time.read")
def week() -> Response:
    return _render_week(_week())


@time_budget.post("/time/entries")
@permit("time.write")
def add() -> Response:
    form = _entry_form()
    if not form.validate():
        return _render_week(_week(), entry_form=form, status=422)
    entry = actions.add_entry(db.session, current_user.id, **form.values, now=now(), key=form_key())
    flash(_("Added: %(entry)s.", entry=_describe(entry)))
    # Move the focus to the form for the next entry.
    return _redirect_to_week(entry.day, anchor="add")


@time_budget.get("/time/entries/<uuid:key>")
@permit("time.read")
def show(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "time.read", TimeEntry, key)
    form = _entry_form(entry)
    form.set_fingerprint(entry)
    return _render_entry(entry, form)


@time_budget.put("/time/entries/<uuid:key>")
@permit("time.write")
def edit(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "time.write", TimeEntry, key)
    form = _entry_form(entry)
    if not form.validate():
        return _render_entry(entry, form, status=422)
    try:
        actions.edit_entry(db.session, entry, form.values, seen=form.seen.data or "")
    except StaleForm as stale:
        refused = form.conflict_context(stale, _entry_form(entry, formdata=None))
        return _render_entry(entry, form, **refused)
    flash(_("Saved: %(entry)s.", entry=_describe(entry)))
    return _redirect_to_week(entry.day)


@time_budget.delete("/time/entries/<uuid:key>")
@permit("time.write")
def remove(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "time.write", TimeEntry, key)
    actions.remove_entry(db.session, entry, now=now())
    message = _("Deleted: %(entry)s.", entry=_describe(entry))
    message = render_template("time_budget/_undo.html", message=message, key=entry.id)
    flash(Markup(message))  # noqa: S704 - the template escapes
    return _redirect_to_week(entry.day)


@time_budget.delete("/time/entries/<uuid:key>/removal")
@permit("time.write")
def restore(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "time.write", TimeEntry, key)
    actions.restore_entry(db.session, entry)
    flash(_("Restored: %(entry)s.", entry=_describe(entry)))
    return _redirect_to_week(entry.day)


@time_budget.put("/time/limits")
@permit("time.write")
def save_limits() -> Response:
    form = LimitsForm()
    if not form.validate():
        return _render_week(_week(), limits_form=form, status=422)
    try:
        actions.save_limits(db.session, current_user.id, form.values, seen=form.seen.data or "")
    except StaleForm as stale:
        refused = form.conflict_context(stale, LimitsForm(data=stale.saved, formdata=None))
        return _render_week(_week(), limits_form=form, **refused)
    flash(_("Your limits are saved."))
    return see_other("time_budget.week")


def _week() -> Week:
    """Return the week in the URL, or this week if it is missing, invalid or in the future."""
    current = Week.of(current_user.today(now()))
    try:
        asked = Week.parse(request.args.get("week", ""))
    except ValueError:
        return current
    return asked if EARLIEST_DAY <= asked.monday <= current.monday else current


def _redirect_to_week(day: dt.date, *, anchor: str | None = None) -> Response:
    """Redirect to the week; without an anchor its top shows the message with Undo."""
    shown = Week.of(day)
    key = None if shown == Week.of(current_user.today(now())) else shown.key
    return see_other("time_budget.week", week=key, _anchor=anchor)


def _entry_form(entry: TimeEntry | None = None, **more: Any) -> EntryForm:
    categories = queries.time_content().categories
    # Categories that are not work are only used by calendars.
    offered = [each for each in categories if each.counts_as != "nothing" or entry]
    return EntryForm(offered, today=current_user.today(now()), entry=entry, **more)


def _next_entry_form(entries: Sequence[TimeEntry], day: dt.date) -> EntryForm:
    """Return an empty form for a day, or for the day of an entry just added by hand."""
    typed = [each for each in entries if each.source == "hand"]
    last = max(typed, key=lambda each: each.created_at, default=None)
    if last is None or last.created_at < now() - PREFILL_PERIOD:
        return _entry_form(day=day, formdata=None)
    return _entry_form(day=last.day, category=last.category, formdata=None)


def _describe(entry: TimeEntry) -> str:
    category = queries.time_content().by_key.get(entry.category)
    return f"{category.title if category else entry.category}, {duration(entry.minutes)}"


def _render_entry(entry: TimeEntry, form: EntryForm, **refused: Any) -> Response:
    week = Week.of(entry.day)
    return render_page("time_budget/entry.html", entry=entry, form=form, week=week, **refused)


def _render_week(
    shown: Week,
    *,
    entry_form: EntryForm | None = None,
    limits_form: LimitsForm | None = None,
    **refused: Any,
) -> Response:
    today, content = current_user.today(now()), queries.time_content()
    current = Week.of(today)
    settings = queries.budget(db.session, current_user.id)
    limits = queries.limits(settings)
    entries = queries.entries(db.session, current_user.id, shown)
    weeks = queries.figures(db.session, current_user.id, shown, TREND_WEEKS, limits)
    figures = weeks[-1]
    # On a Monday nothing is late yet, so look at the week before.
    recent = weeks[-2:] if shown == current else weeks[-1:]
    short = [each for each in reversed(recent) if each.is_short_of_deep_work(today)]
    if limits_form is None:
        limits_form = LimitsForm(obj=settings, formdata=None)
        limits_form.set_fingerprint(settings or TimeBudget())
    return render_page(
        "time_budget/week.html",
        content=content,
        today=today,
        week=shown,
        is_current=shown == current,
        newer=None if shown == current else shown.back(-1),
        older=shown.back(1) if shown.back(1).monday >= EARLIEST_DAY else None,
        figures=figures,
        limits=limits,
        short=short[0] if short else None,
        weeks=weeks,
        presentation=presentation,
        has_any=bool(entries) or queries.has_entries(db.session, current_user.id),
        entries=entries,
        titles={each.key: each.title for each in content.categories},
        entry_form=entry_form
        or _next_entry_form(entries, today if shown == current else shown.monday),
        limits_form=limits_form,
        **refused,
        milestones=milestone_links(db.session, current_user.id, content.remedies.milestones),
    )
