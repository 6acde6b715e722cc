"""The forecast of a roadmap and the days off that it skips, visible only to the person."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, flash
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.catalog.queries import load_revision
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.stale_forms import StaleForm
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.forecast import actions, presentation, queries
from roadmap.forecast.forms import AbsenceForm
from roadmap.forecast.models import Absence
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.progress.pages import enrollment_or_redirect
from roadmap.progress.queries import enrollments

forecast = Blueprint("forecast", __name__)


@forecast.get("/roadmaps/<slug>/forecast")
@permit("forecast.read")
def page(slug: str) -> Response:
    """Show when the person will finish a roadmap, and why."""
    enrolled = enrollment_or_redirect(current_user.id, slug)
    return render_page(
        "forecast/page.html",
        roadmap=load_revision(db.session, enrolled.revision_id).content,
        found=queries.load_forecast(db.session, current_user, enrolled, now()),
        say=presentation,
    )


@forecast.get("/absences")
@permit("absence.read")
def absences() -> Response:
    return _render_absences(_form(formdata=None))


@forecast.post("/absences")
@permit("absence.write")
def add() -> Response:
    form = _form()
    if not form.validate():
        return _render_absences(form, status=422)
    actions.add_absence(
        db.session,
        current_user.id,
        form.days,
        form.note.data or "",
        now=now(),
        key=form_key(),
    )
    flash(_("Your time off is saved. Forecasts skip it."))
    return see_other("forecast.absences")


@forecast.get("/absences/<uuid:key>")
@permit("absence.read")
def show(key: uuid.UUID) -> Response:
    absence = permissions.load(db.session, current_user, "absence.read", Absence, key)
    form = _form(formdata=None, obj=absence)
    form.set_fingerprint(absence)
    return _render_absence(absence, form)


@forecast.put("/absences/<uuid:key>")
@permit("absence.write")
def edit(key: uuid.UUID) -> Response:
    absence = permissions.load(db.session, current_user, "absence.write", Absence, key)
    form = _form()
    if not form.validate():
        return _render_absence(absence, form, status=422)
    try:
        actions.edit_absence(
            db.session,
            absence,
            form.days,
            form.note.data or "",
            seen=form.seen.data or "",
            now=now(),
        )
    except StaleForm as stale:
        refused = form.conflict_context(stale, _form(formdata=None, obj=absence))
        return _render_absence(absence, form, **refused)
    flash(_("Your time off is saved. Forecasts skip it."))
    return see_other("forecast.absences", _anchor=f"absence-{absence.id}")


@forecast.delete("/absences/<uuid:key>")
@permit("absence.write")
def delete(key: uuid.UUID) -> Response:
    absence = permissions.load(db.session, current_user, "absence.write", Absence, key)
    actions.delete_absence(db.session, absence, now=now())
    flash(_("The time off is deleted. Forecasts count these days again."))
    return see_other("forecast.absences")


def _form(**more: Any) -> AbsenceForm:
    today: dt.date = current_user.today(now())
    return AbsenceForm(today=today, **more)


def _render_absences(form: AbsenceForm, *, status: int = 200) -> Response:
    return render_page(
        "forecast/absences.html",
        status,
        form=form,
        absences=queries.absences(db.session, current_user.id),
        enrolled=enrollments(db.session, current_user.id),
    )


def _render_absence(absence: Absence, form: AbsenceForm, **refused: Any) -> Response:
    return render_page("forecast/absence.html", absence=absence, form=form, **refused)
