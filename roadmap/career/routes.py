"""The pages of a person's positions and degrees."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, flash, make_response, render_template
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.career import actions, queries
from roadmap.career.forms import DegreeForm, EntryForm, PositionForm, level_labels
from roadmap.career.models import Degree, Position
from roadmap.core.database import db
from roadmap.core.web import now, see_other
from roadmap.people import permissions
from roadmap.people.permissions import permit

career = Blueprint("career", __name__)


@career.get("/career")
@permit("career.read")
def overview() -> str:
    return render_template(
        "career/career.html",
        positions=queries.positions(db.session, current_user.id),
        degrees=queries.degrees(db.session, current_user.id),
        levels=level_labels(),
    )


@career.get("/career/positions/new")
@permit("career.write")
def new_position() -> Response:
    return _form_page("position", PositionForm(today=_today()))


@career.post("/career/positions")
@permit("career.write")
def add_position() -> Response:
    return _add(Position, PositionForm(today=_today()), _("The position is added."))


@career.get("/career/positions/<uuid:key>")
@permit("career.write")
def position(key: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "career.write", Position, key)
    form = PositionForm(today=_today(), obj=row, data={"seen": actions.fingerprint(row)})
    return _form_page("position", form, row)


@career.put("/career/positions/<uuid:key>")
@permit("career.write")
def save_position(key: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "career.write", Position, key)
    return _save(row, PositionForm(today=_today()), _("The position is saved."))


@career.delete("/career/positions/<uuid:key>")
@permit("career.write")
def remove_position(key: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "career.write", Position, key)
    return _remove(row, _("The position is deleted."))


@career.get("/career/degrees/new")
@permit("career.write")
def new_degree() -> Response:
    return _form_page("degree", DegreeForm(today=_today()))


@career.post("/career/degrees")
@permit("career.write")
def add_degree() -> Response:
    return _add(Degree, DegreeForm(today=_today()), _("The degree is added."))


@career.get("/career/degrees/<uuid:key>")
@permit("career.write")
def degree(key: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "career.write", Degree, key)
    form = DegreeForm(today=_today(), obj=row, data={"seen": actions.fingerprint(row)})
    return _form_page("degree", form, row)


@career.put("/career/degrees/<uuid:key>")
@permit("career.write")
def save_degree(key: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "career.write", Degree, key)
    return _save(row, DegreeForm(today=_today()), _("The degree is saved."))


@career.delete("/career/degrees/<uuid:key>")
@permit("career.write")
def remove_degree(key: uuid.UUID) -> Response:
    row = permissions.load(db.session, current_user, "career.write", Degree, key)
    return _remove(row, _("The degree is deleted."))


def _today() -> Any:
    return current_user.today(now())


def _add(model: type[Any], form: EntryForm, message: str) -> Response:
    if not form.validate():
        return _form_page(actions.ENTRY_NAMES[model], form, status=422)
    actions.add(
        db.session,
        model,
        current_user.id,
        form.values(model),
        by=current_user.id,
        now=now(),
    )
    return _done(message)


def _save(row: Position | Degree, form: EntryForm, message: str) -> Response:
    word = actions.ENTRY_NAMES[type(row)]
    if not form.validate():
        return _form_page(word, form, row, 422)
    try:
        actions.change(
            db.session,
            row,
            form.values(type(row)),
            seen=form.seen.data or "",
            by=current_user.id,
            now=now(),
        )
    except actions.EntryDeleted:
        abort(404)
    except actions.StaleEdit:
        # The page shows the saved entry beside the form; sending it again replaces the entry.
        form.seen.data = actions.fingerprint(row)
        return _form_page(word, form, row, 409)
    return _done(message)


def _remove(row: Position | Degree, message: str) -> Response:
    try:
        actions.remove(db.session, row, by=current_user.id, now=now())
    except actions.EntryDeleted:
        abort(404)
    return _done(message)


def _done(message: str) -> Response:
    flash(message, "message")
    return see_other("career.overview")


def _form_page(
    word: str, form: EntryForm, row: Position | Degree | None = None, status: int = 200
) -> Response:
    page = render_template(
        f"career/{word}.html", form=form, row=row, stale=status == 409, levels=level_labels()
    )
    return make_response(page, status)
