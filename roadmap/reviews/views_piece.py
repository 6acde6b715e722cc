"""The page on which one piece is judged."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.errors import error_page
from roadmap.core.web import now, see_other
from roadmap.evidence import judging, labels
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import Refused, Stale
from roadmap.evidence.showing import thread_of
from roadmap.people import access
from roadmap.people.access import permit
from roadmap.reviews.asked import asked_filters, given
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.forms import JudgementForm
from roadmap.reviews.piece import reading, ticked_before
from roadmap.reviews.queries import Waiting, next_waiting


@reviews.get("/reviews/<uuid:evidence_id>")
@permit("evidence.review")
def show(evidence_id: uuid.UUID) -> Response:
    """The newest submitted version, beside what it is to be held against."""
    return _page(_to_review(evidence_id))


@reviews.put("/reviews/<uuid:evidence_id>")
@permit("evidence.review")
def decide(evidence_id: uuid.UUID) -> Response:
    """Verifies or returns it, and goes on to the next one that waits.

    A judgement of a version that is not the newest any more is refused (409): the newer one is
    shown, and what was typed stands below it.
    """
    piece = _to_review(evidence_id)
    form = JudgementForm()
    if not form.judge():
        return _page(piece, form, status=422)
    following, besides = _following(piece), piece.state == "verified"
    decision = form.decision.data or ""
    try:
        judging.decide(
            db.session,
            piece,
            decision,
            form.comment.data or "",
            form.milestones.data,
            version_id=form.read_version,
            title=form.read_title.data,
            by=current_user,
            now=now(),
        )
    except Refused as refusal:
        return _refused(piece, form, refusal)
    for_none = bool(piece.links) and not form.milestones.data
    flash(_said(piece, decision, besides, for_none), "message")
    if besides:
        return see_other("reviews.show", evidence_id=piece.id)
    return redirect(_address(following), code=303)


@reviews.put("/reviews/<uuid:evidence_id>/taking")
@permit("evidence.review")
def take_up(evidence_id: uuid.UUID) -> Response:
    """Says to its author that somebody reads it."""
    piece = _to_review(evidence_id)
    form = JudgementForm()
    try:
        judging.begin_review(
            db.session, piece, version_id=form.read_version, by=current_user, now=now()
        )
    except Refused as refusal:
        return _refused(piece, form, refusal)
    return see_other("reviews.show", evidence_id=piece.id, **given())


def _to_review(evidence_id: uuid.UUID) -> Evidence:
    """The piece, for a manager of its author; nobody reviews their own, and the page says so."""
    try:
        piece = access.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
        if piece.user_id == current_user.id:
            abort(error_page(403, str(labels.REFUSALS["own"])))
        return access.load(db.session, current_user, "evidence.review", Evidence, evidence_id)
    except NotFound:
        abort(_not_here())


def _not_here() -> Response:
    """The same words whatever the reason, so that they tell nothing of a piece."""
    link = Markup('<a href="/reviews">{}</a>').format(_("See what waits"))
    return error_page(
        404, Markup("{} {}").format(_("It does not wait for you, or not any more."), link)
    )


def _refused(piece: Evidence, form: JudgementForm, refusal: Refused) -> Response:
    """Why it was not recorded, on the page as it is now, with what was typed."""
    if not piece.is_shared or refusal.reason in ("gone", "own", "not_entitled"):
        abort(_not_here())
    if refusal.reason in ("does_not_fit", "none_left", "already_verified"):
        form.milestones.errors = [str(labels.REFUSALS[refusal.reason])]
        return _page(piece, form, status=422)
    return _page(piece, form, late=refusal, status=409)


def _following(piece: Evidence) -> Waiting | None:
    """The next one to judge, of those that the queue was narrowed to."""
    filters = replace(asked_filters(), show="waiting")
    return next_waiting(db.session, current_user, filters, piece)


def _address(following: Waiting | None) -> str:
    carried = urlencode({name: value for name, value in given().items() if name != "show"})
    where = f"/reviews/{following.id}" if following else "/reviews"
    return f"{where}?{carried}" if carried else where


def _said(piece: Evidence, decision: str, besides: bool, for_none: bool) -> Markup:
    """What was done, with the way back to it."""
    if besides:
        text = _("More is confirmed of “%(title)s”.")
    elif decision == "verified" and for_none:
        text = _("“%(title)s” is verified, for none of its milestones.")
    elif decision == "verified":
        text = _("“%(title)s” is verified.")
    else:
        text = _("“%(title)s” is returned to its author.")
    link = Markup('<a href="/reviews/{}">{}</a>').format(piece.id, _("Look at it again"))
    return Markup("{} {}").format(text % {"title": labels.brief(piece.title)}, link)


def _page(
    piece: Evidence,
    form: JudgementForm | None = None,
    *,
    late: Refused | None = None,
    status: int = 200,
) -> Response:
    read = form.read_version if form is not None and isinstance(late, Stale) else None
    found = reading(db.session, piece, read=read)
    ticked = ticked_before(found) if form is None else form.milestones.data
    form = form or JudgementForm(formdata=None)
    why = _why_late(late, piece, form)
    form.version_id.data = str(found.version.id)
    form.read_title.data = piece.title
    form.decision.data = ""
    # Where nothing is left to judge, what was typed can still be said as a comment.
    typed = "" if found.waits or found.can_confirm_more else form.comment.data
    comment_form = CommentForm(formdata=None, data={"text": typed}) if typed else None
    following = _following(piece)
    page = render_template(
        "reviews/piece.html",
        found=found,
        form=form,
        ticked=ticked,
        following=following,
        next_address=_address(following),
        late=why,
        is_left=comment_form is not None,
        is_stale=isinstance(late, Stale),
        given=given(),
        now=now(),
        **thread_of(piece, found.detail, comment_form),
    )
    return make_response(page, status)


def _why_late(refusal: Refused | None, piece: Evidence, form: JudgementForm) -> Any:
    if refusal is None:
        return ""
    if isinstance(refusal, Stale) and form.read_version == piece.current_id:
        return _(
            "Its author changed the title while you read: it was “%(title)s”.",
            title=form.read_title.data,
        )
    if isinstance(refusal, Stale):
        newer = _("Its author saved a newer version while you read. Below is the newer one.")
        title = form.read_title.data
        if title and title != piece.title:
            return f"{newer} {_('It was called “%(title)s” before.', title=title)}"
        return newer
    return _("Somebody has judged it in the meantime. Below is how it stands now.")
