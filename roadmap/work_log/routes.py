"""Pages of the work log, visible only to its owner."""

from __future__ import annotations

import uuid
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.link_secrets import secret_parameters
from roadmap.core.stale_forms import StaleForm
from roadmap.core.web import form_key, now, page_links, page_number, render_page, see_other
from roadmap.evidence import labels
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.people.private_rows import change_row
from roadmap.time_budget.rules import Week
from roadmap.work_log import actions, queries
from roadmap.work_log.forms import EntryForm
from roadmap.work_log.models import WorkLogEntry

work_log = Blueprint("work_log", __name__)


@work_log.get("/work-log")
@permit("work_log.read")
def overview() -> Response:
    return _render_overview(_form(formdata=None))


@work_log.post("/work-log")
@permit("work_log.write")
def add() -> Response:
    form = _form()
    if not form.validate():
        return _render_overview(form, status=422)
    actions.add_entry(
        db.session, current_user.id, form.day.data, form.text.data, now=now(), key=form_key()
    )
    flash(_("Added to your work log."))
    # Return to the dashboard if its form was used.
    if request.form.get("from") == "dashboard":
        return see_other("dashboard.index", _anchor="week-line")
    return see_other("work_log.overview")


@work_log.get("/work-log/<uuid:key>")
@permit("work_log.read")
def show(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "work_log.read", WorkLogEntry, key)
    form = _form(formdata=None, obj=entry)
    form.set_fingerprint(entry)
    return _render_entry(entry, form)


@work_log.put("/work-log/<uuid:key>")
@permit("work_log.write")
def edit(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "work_log.write", WorkLogEntry, key)
    form = _form()
    if not form.validate():
        return _render_entry(entry, form, status=422)
    try:
        change_row(db.session, entry, form.values, seen=form.seen.data or "")
    except StaleForm as stale:
        context = form.conflict_context(stale, _form(formdata=None, obj=entry))
        return _render_entry(entry, form, **context)
    flash(_("The line is saved."))
    return see_other("work_log.overview", _anchor=f"line-{entry.id}")


@work_log.delete("/work-log/<uuid:key>")
@permit("work_log.write")
def delete(key: uuid.UUID) -> Response:
    entry = permissions.load(db.session, current_user, "work_log.write", WorkLogEntry, key)
    actions.delete_entry(db.session, entry)
    flash(_("The line is deleted."))
    return see_other("work_log.overview")


@work_log.put("/work-log/<uuid:key>/evidence")
@permit("work_log.write")
def make_evidence(key: uuid.UUID) -> Response:
    """Create a draft from a line, and redirect to choosing the milestones it proves."""
    entry = permissions.load(db.session, current_user, "work_log.write", WorkLogEntry, key)
    made = actions.make_evidence(db.session, entry, by=current_user, now=now())
    text = _("A draft is saved. Choose the milestones it proves, and add a link if there is one.")
    if made.current.url:
        text = _("A draft is saved with the link from the line. Choose the milestones it proves.")
    if names := secret_parameters(made.current.url):
        text = f"{text} {labels.secret_warning(names)}"
    flash(text)
    return redirect(f"/evidence/{made.id}/edit#q", code=303)


def _form(**more: Any) -> EntryForm:
    return EntryForm(today=current_user.today(now()), **more)


def _render_overview(form: EntryForm, *, status: int = 200) -> Response:
    page = page_number()
    found, has_older = queries.entries(db.session, current_user.id, page)
    return render_page(
        "work_log/overview.html",
        status,
        form=form,
        weeks=[(week, list(each)) for week, each in groupby(found, lambda line: Week.of(line.day))],
        pages=page_links("/work-log", page, has_next=has_older),
    )


def _render_entry(entry: WorkLogEntry, form: EntryForm, **refused: Any) -> Response:
    return render_page("work_log/entry.html", entry=entry, form=form, **refused)
