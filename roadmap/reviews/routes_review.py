"""The page on which a manager reviews one item."""

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
from roadmap.core.errors import render_error
from roadmap.core.web import now, see_other
from roadmap.evidence import labels, review_actions
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import Refused, Stale
from roadmap.evidence.timeline import timeline_context
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.people.roles import Capability
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.forms import JudgementForm
from roadmap.reviews.queries import QueueEntry, next_pending
from roadmap.reviews.queue_filters import active_query, parse_filters
from roadmap.reviews.review_page import load_review_page


@reviews.get("/reviews/<uuid:evidence_id>")
@permit("review.read")
def show(evidence_id: uuid.UUID) -> Response:
    """Show the newest submitted version beside the criteria of its milestones."""
    return _render_page(_load_evidence(evidence_id, "review.read"))


@reviews.put("/reviews/<uuid:evidence_id>")
@permit("evidence.review")
def decide(evidence_id: uuid.UUID) -> Response:
    """Verify or return it, and go on to the next item that waits.

    A judgement of a version that is no longer the newest is refused (409): the page shows the
    newer one, with what was typed.
    """
    piece = _load_evidence(evidence_id)
    form = JudgementForm()
    if not form.judge():
        return _render_page(piece, form, status=422)
    following, besides = _next_pending(piece), piece.state == "verified"
    decision = form.decision.data or ""
    try:
        review_actions.decide(
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
        return _render_refusal(piece, form, refusal)
    for_none = bool(piece.links) and not form.milestones.data
    flash(_decision_message(piece, decision, besides, for_none), "message")
    if besides:
        return see_other("reviews.show", evidence_id=piece.id)
    return redirect(_next_url(following), code=303)


@reviews.put("/reviews/<uuid:evidence_id>/taking")
@permit("evidence.review")
def take_up(evidence_id: uuid.UUID) -> Response:
    """Take it up, so that its author sees that somebody is reading it."""
    piece = _load_evidence(evidence_id)
    form = JudgementForm()
    try:
        review_actions.begin_review(
            db.session, piece, version_id=form.read_version, by=current_user, now=now()
        )
    except Refused as refusal:
        return _render_refusal(piece, form, refusal)
    return see_other("reviews.show", evidence_id=piece.id, **active_query())


def _load_evidence(evidence_id: uuid.UUID, action: str = "evidence.review") -> Evidence:
    """Load an item for an action. Nobody reviews their own, and a 403 says so."""
    try:
        piece = permissions.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
        if piece.user_id == current_user.id:
            abort(render_error(403, str(labels.REFUSAL_MESSAGES["own"])))
        return permissions.load(db.session, current_user, action, Evidence, evidence_id)
    except NotFound:
        abort(_not_found_page())


def _not_found_page() -> Response:
    """Render the same text whatever the reason, so that it reveals nothing about the item."""
    link = Markup('<a href="/reviews">{}</a>').format(_("See the review queue"))
    return render_error(
        404, Markup("{} {}").format(_("It is not waiting for your review, or no longer."), link)
    )


def _render_refusal(piece: Evidence, form: JudgementForm, refusal: Refused) -> Response:
    """Render the current page with what was typed, and say why nothing was recorded."""
    if not piece.is_shared or refusal.reason in ("gone", "own", "not_entitled"):
        abort(_not_found_page())
    if refusal.reason in ("does_not_fit", "none_left", "already_verified"):
        form.milestones.errors = [str(labels.REFUSAL_MESSAGES[refusal.reason])]
        return _render_page(piece, form, status=422)
    return _render_page(piece, form, late=refusal, status=409)


def _next_pending(piece: Evidence) -> QueueEntry | None:
    """Load the next item to review among those that the queue is narrowed to."""
    filters = replace(parse_filters(), show="waiting")
    return next_pending(db.session, current_user, filters, piece)


def _next_url(following: QueueEntry | None) -> str:
    carried = urlencode({name: value for name, value in active_query().items() if name != "show"})
    where = f"/reviews/{following.item.id}" if following else "/reviews"
    return f"{where}?{carried}" if carried else where


def _decision_message(piece: Evidence, decision: str, besides: bool, for_none: bool) -> Markup:
    """Say what was done, with a link back to the item."""
    if besides:
        text = _("More milestones are confirmed for “%(title)s”.")
    elif decision == "verified" and for_none:
        text = _("“%(title)s” is verified, for none of its milestones.")
    elif decision == "verified":
        text = _("“%(title)s” is verified.")
    else:
        text = _("“%(title)s” is returned to its author.")
    link = Markup('<a href="/reviews/{}">{}</a>').format(piece.id, _("Look at it again"))
    return Markup("{} {}").format(text % {"title": labels.shorten_title(piece.title)}, link)


def _render_page(
    piece: Evidence,
    form: JudgementForm | None = None,
    *,
    late: Refused | None = None,
    status: int = 200,
) -> Response:
    read = form.read_version if form is not None and isinstance(late, Stale) else None
    found = load_review_page(db.session, piece, read=read)
    ticked = found.preselected_milestones if form is None else form.milestones.data
    form = form or JudgementForm(formdata=None)
    why = _conflict_message(late, piece, form)
    form.version_id.data = str(found.version.id)
    form.read_title.data = piece.title
    form.decision.data = ""
    # Where nothing is left to review, what was typed can still be sent as a comment.
    typed = "" if found.waits or found.can_confirm_more else form.comment.data
    comment_form = CommentForm(formdata=None, data={"text": typed}) if typed else None
    following = _next_pending(piece)
    page = render_template(
        "reviews/review.html",
        found=found,
        form=form,
        ticked=ticked,
        may_review=current_user.has_over(Capability.REVIEW, found.detail.item.user_id),
        following=following,
        next_address=_next_url(following),
        late=why,
        is_left=comment_form is not None,
        is_stale=isinstance(late, Stale),
        given=active_query(),
        now=now(),
        **timeline_context(db.session, current_user, found.detail, comment_form),
    )
    return make_response(page, status)


def _conflict_message(refusal: Refused | None, piece: Evidence, form: JudgementForm) -> Any:
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
    return _("Someone judged it in the meantime. Its current state is shown below.")
