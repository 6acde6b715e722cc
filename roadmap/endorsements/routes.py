"""Pages for asking a witness about a milestone, and for answering by a link without an account."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, flash, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.auth import rate_limits
from roadmap.auth.login_throttle import too_many_requests
from roadmap.auth.queries import find_by_token
from roadmap.catalog.queries import load_revision
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.limiter import limiter
from roadmap.core.proxy import public_base_url
from roadmap.core.web import form_key, now, prevent_indexing, render_page
from roadmap.endorsements import actions
from roadmap.endorsements.forms import WitnessForm, WitnessRequestForm
from roadmap.endorsements.models import Endorsement
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.progress.queries import enrollments

if TYPE_CHECKING:
    from roadmap.catalog.content import Milestone

witnesses = Blueprint("witnesses", __name__)


@witnesses.get("/endorsements/new")
@permit("endorsement.read")
def new() -> Response:
    """Show the form; `?milestone=` is a milestone of one of the user's roadmaps."""
    return _render_ask(WitnessRequestForm(formdata=None))


@witnesses.post("/endorsements/new")
@permit("endorsement.write")
def ask() -> Response:
    """Create a link and show it once; `?milestone=` is the milestone."""
    milestone, page = _milestone_or_404()
    form = WitnessRequestForm()
    if not form.validate():
        return _render_ask(form, status=422)
    token = actions.ask_witness(
        db.session, current_user.id, milestone,
        asked=form.asked.data or "", message=form.message.data or "", now=now(), key=form_key(),
    )  # fmt: skip
    return render_page(
        "endorsements/link.html",
        201,
        milestone=milestone,
        page=page,
        asked=form.asked.data,
        link=f"{public_base_url()}/endorsements/by/{token}",
        expires_at=now() + actions.LIFETIME,
    )


@witnesses.delete("/endorsements/<uuid:key>")
@permit("endorsement.write")
def delete(key: uuid.UUID) -> BaseResponse:
    row = permissions.load(db.session, current_user, "endorsement.write", Endorsement, key)
    milestone = row.milestone_key
    if actions.delete_endorsement(db.session, row, now=now()):
        flash(_("The witness's answer is deleted."))
    else:
        flash(_("The request is withdrawn. The link no longer works."))
    found = _find_milestone(milestone)
    return redirect(f"{found[1]}#witnesses" if found else "/", code=303)


@witnesses.get("/endorsements/by/<token>")
@permit("public")
@limiter.limit("120/minute")
def show(token: str) -> Response:
    """Show the witness's form; every invalid link gets the same 404."""
    return _render_witness(token, WitnessForm(formdata=None))


@witnesses.post("/endorsements/by/<token>")
@permit("public")
def answer(token: str) -> BaseResponse:
    limits = rate_limits.token_limits("witness", token)
    if wait := rate_limits.count_attempt(limits, now=now()):
        page = prevent_indexing(render_page("endorsements/not_found.html", wait=wait))
        return too_many_requests(page, wait)
    found, form = find_by_token(db.session, Endorsement, token), WitnessForm()
    if found is None or not found[0].is_open(now()):
        return _render_witness(token, form)
    if current_user.is_authenticated and current_user.id == found[0].user_id:
        return _render_witness(token, form, status=403)
    if not form.validate():
        return _render_witness(token, form, status=422)
    fields = (form.answer, form.witness, form.affiliation, form.statement)
    actions.record_answer(db.session, found[0], *(each.data for each in fields), now=now())
    return _render_witness(token, form)


def _milestone_or_404() -> tuple[Milestone, str]:
    """Return the requested milestone of one of the user's roadmaps, and the URL of its page."""
    return _find_milestone(request.args.get("milestone", "")) or abort(404)


def _find_milestone(key: str) -> tuple[Milestone, str] | None:
    for each in enrollments(db.session, current_user.id):
        if milestone := load_revision(db.session, each.revision_id).content.by_key.get(key):
            return milestone, f"/roadmaps/{each.slug}/milestones/{key}"
    return None


def _render_ask(form: WitnessRequestForm, *, status: int = 200) -> Response:
    milestone, page = _milestone_or_404()
    return render_page(
        "endorsements/ask.html",
        status,
        form=form,
        milestone=milestone,
        page=page,
    )


def _render_witness(token: str, form: WitnessForm, *, status: int = 200) -> Response:
    """Render the witness's form, a thank-you page if they answered, or a 404 page."""
    found = find_by_token(db.session, Endorsement, token)
    if found is None or not (found[0].answered_at or found[0].is_open(now())):
        return prevent_indexing(render_page("endorsements/not_found.html", 404))
    row, person = found
    if row.answered_at is not None:
        return prevent_indexing(render_page("endorsements/thanks.html", name=person.name, row=row))
    page = render_page(
        "endorsements/witness.html",
        status,
        action=f"/endorsements/by/{token}",
        row=row,
        name=person.name,
        is_own=current_user.is_authenticated and current_user.id == row.user_id,
        form=form,
    )
    return prevent_indexing(page)
