"""Pages of the user's positions and degrees."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, render_template
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from roadmap.career import actions, queries
from roadmap.career.forms import DegreeForm, PositionForm, level_labels
from roadmap.career.models import Degree, Entry, Position
from roadmap.career_plans.queries import load_due_plan_reviews
from roadmap.core.database import db
from roadmap.core.i18n import _l
from roadmap.core.stale_forms import DatedForm, StaleForm
from roadmap.core.web import form_key, now, render_page, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.progress.queries import own_and_other_roadmaps

career = Blueprint("career", __name__)

POSITIONS, DEGREES = {"model": Position}, {"model": Degree}
FORMS: dict[type[Entry], type[DatedForm]] = {Position: PositionForm, Degree: DegreeForm}
ADDED = {Position: _l("The position is added."), Degree: _l("The degree is added.")}
SAVED = {Position: _l("The position is saved."), Degree: _l("The degree is saved.")}
DELETED = {Position: _l("The position is deleted."), Degree: _l("The degree is deleted.")}


@career.get("/career")
@permit("career.read")
def overview() -> str:
    own, _others = own_and_other_roadmaps(db.session, current_user.id)
    return render_template(
        "career/career.html",
        roadmap=own[0] if own else None,
        positions=queries.positions(db.session, current_user.id),
        degrees=queries.degrees(db.session, current_user.id),
        levels=level_labels(),
        plans_due=load_due_plan_reviews(db.session, current_user.id, current_user.today(now())),
    )


@career.get("/career/positions/new", defaults=POSITIONS)
@career.get("/career/degrees/new", defaults=DEGREES)
@permit("career.write")
def new_entry(model: type[Entry]) -> Response:
    return _render_form(model, _form(model))


@career.post("/career/positions", defaults=POSITIONS)
@career.post("/career/degrees", defaults=DEGREES)
@permit("career.write")
def add_entry(model: type[Entry]) -> Response:
    form, me = _form(model), current_user.id
    if not form.validate():
        return _render_form(model, form, status=422)
    row = actions.add(db.session, model, me, form.values, now=now(), key=form_key())
    return _redirect_with(ADDED[model], row)


@career.get("/career/positions/<uuid:key>", defaults=POSITIONS)
@career.get("/career/degrees/<uuid:key>", defaults=DEGREES)
@permit("career.write")
def edit_entry(model: type[Entry], key: uuid.UUID) -> Response:
    row = _load(model, key)
    form = _form(model, obj=row)
    form.set_fingerprint(row)
    return _render_form(model, form, row)


@career.put("/career/positions/<uuid:key>", defaults=POSITIONS)
@career.put("/career/degrees/<uuid:key>", defaults=DEGREES)
@permit("career.write")
def save_entry(model: type[Entry], key: uuid.UUID) -> Response:
    row, form = _load(model, key), _form(model)
    if not form.validate():
        return _render_form(model, form, row, 422)
    seen = form.seen.data or ""
    try:
        actions.change(db.session, row, form.values, seen=seen, now=now())
    except StaleForm:
        # Show the saved entry next to the form. Submitting again overwrites it.
        form.set_fingerprint(row)
        return _render_form(model, form, row, 409)
    return _redirect_with(SAVED[model], row)


@career.delete("/career/positions/<uuid:key>", defaults=POSITIONS)
@career.delete("/career/degrees/<uuid:key>", defaults=DEGREES)
@permit("career.write")
def remove_entry(model: type[Entry], key: uuid.UUID) -> Response:
    actions.remove(db.session, _load(model, key), now=now())
    return _redirect_with(DELETED[model])


def _load(model: type[Entry], key: uuid.UUID) -> Entry:
    return permissions.load(db.session, current_user, "career.write", model, key)


def _form(model: type[Entry], **values: Any) -> DatedForm:
    return FORMS[model](today=current_user.today(now()), **values)


def _redirect_with(message: str, row: Entry | None = None) -> Response:
    if row is None or row.counts:
        flash(str(message), "message")
    else:
        why = render_template("career/_not_counted.html", row=row)
        flash(Markup("{} {}").format(message, Markup(why)), "warning")  # noqa: S704 - our template
    return see_other("career.overview")


def _render_form(
    model: type[Entry], form: DatedForm, row: Entry | None = None, status: int = 200
) -> Response:
    template, levels = f"career/{model.__tablename__}.html", level_labels()
    return render_page(template, status, form=form, row=row, stale=status == 409, levels=levels)
