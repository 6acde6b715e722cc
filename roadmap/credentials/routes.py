"""Pages of credentials and of the costs of the user's certifications."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, abort, flash, render_template
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.text import shorten
from roadmap.core.web import now, render_page, see_other
from roadmap.credentials import actions, queries
from roadmap.credentials.forms import CostForm
from roadmap.evidence import labels
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_own
from roadmap.people.permissions import permit

credentials = Blueprint("credentials", __name__)


@credentials.get("/credentials")
@permit("credential.read")
def overview() -> str:
    today = current_user.today(now())
    costs = queries.own_costs(db.session, current_user.id)
    return render_template(
        "credentials/credentials.html",
        content=queries.credential_content(),
        own=queries.own_certifications(db.session, current_user.id, today),
        costs=costs,
        sums=queries.costs_by_year(costs),
        counts=queries.count_by_kind(db.session, current_user.id),
        labels=labels,
    )


@credentials.get("/credentials/costs/<uuid:evidence_id>")
@permit("credential.read")
def show_cost(evidence_id: uuid.UUID) -> Response:
    piece = _load_certification(evidence_id)
    form = CostForm(formdata=None, data={"year": current_user.today(now()).year, "currency": "USD"})
    return _render_cost(piece, form)


@credentials.put("/credentials/costs/<uuid:evidence_id>")
@permit("credential.write")
def save_cost(evidence_id: uuid.UUID) -> BaseResponse:
    piece, form = _load_certification(evidence_id), CostForm()
    if not form.validate():
        return _render_cost(piece, form, status=422)
    year, amount = form.year.data or 0, form.amount.data or 0
    actions.save_cost(
        db.session, current_user.id, piece.id, year, amount, form.currency.data or "", now=now()
    )
    words = {"title": shorten(piece.title), "year": year}
    if amount:
        flash(_("What you paid for “%(title)s” in %(year)s is saved.", **words), "message")
    else:
        flash(_("Nothing is saved for “%(title)s” in %(year)s.", **words), "message")
    return see_other("credentials.overview", _anchor="yours")


def _load_certification(evidence_id: uuid.UUID) -> Evidence:
    piece = load_own(db.session, current_user, "evidence.read", evidence_id)
    return piece if piece.current.kind == "certification" else abort(404)


def _render_cost(piece: Evidence, form: CostForm, *, status: int = 200) -> Response:
    costs = queries.own_costs(db.session, current_user.id).get(piece.id, [])
    return render_page("credentials/cost.html", status, piece=piece, form=form, costs=costs)
