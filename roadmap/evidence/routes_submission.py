"""Asking for a review, withdrawing that, and comments."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

from flask import abort, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.web import now, see_other, wants_fragment
from roadmap.evidence import actions, comments, labels
from roadmap.evidence.blueprint import evidence, load_own_evidence
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.item import Audience
from roadmap.evidence.models import Evidence
from roadmap.evidence.page_context import join_names, render_evidence_page, timeline_context
from roadmap.evidence.queries import load_detail
from roadmap.evidence.repository import evidence_input, lock_and_reload
from roadmap.evidence.rules import InvalidInput, Refused
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

SHARED_WITH = ("team", "portfolio")


@evidence.put("/evidence/<uuid:evidence_id>/submission")
@permit("evidence.submit")
def submit(evidence_id: uuid.UUID) -> Response:
    """Ask for a review. A private item is shared first where the form says with whom.

    A private item that is verified is only shared: there is nothing left to review.
    """
    piece = load_own_evidence(current_user, "evidence.submit", evidence_id)
    audience = request.form.get("visibility", "")
    try:
        # Read the item again under the lock, so that the edit starts from its latest state.
        lock_and_reload(db.session, piece, current_user)
        if piece.visibility == "private" and audience in SHARED_WITH:
            shared = replace(evidence_input(piece), visibility=audience)
            actions.edit(db.session, piece, shared, by=current_user, now=now())
            if piece.state == "verified":
                flash(
                    _(
                        "“%(title)s” is now shared. It is already verified, so no review is "
                        "needed.",
                        title=labels.shorten_title(piece.title),
                    ),
                    "message",
                )
                return see_other("evidence.show", evidence_id=piece.id)
        actions.submit(db.session, piece, by=current_user, now=now())
    except InvalidInput as fault:
        # It was complete when it was saved, but its date may lie in the future since the person
        # changed their time zone.
        messages = " ".join(str(labels.ERROR_MESSAGES[each.code]) for each in fault.faults)
        return render_evidence_page(current_user, piece, refusal=messages, status=422)
    except Refused as refusal:
        return _render_refusal(piece, refusal)
    asked = join_names(
        [person.name for person in holders_of(db.session, piece.user_id, Capability.REVIEW)]
    )
    if asked:
        flash(
            _(
                "“%(title)s” is now waiting for %(names)s.",
                title=labels.shorten_title(piece.title),
                names=asked,
            ),
            "message",
        )
    else:
        flash(
            _(
                "“%(title)s” is submitted. None of your teams has a manager yet, so nobody "
                "sees it.",
                title=labels.shorten_title(piece.title),
            ),
            "warning",
        )
    return see_other("evidence.show", evidence_id=piece.id)


@evidence.delete("/evidence/<uuid:evidence_id>/submission")
@permit("evidence.submit")
def withdraw(evidence_id: uuid.UUID) -> Response:
    """Withdraw the request for a review; from then on only the owner sees the item."""
    piece = load_own_evidence(current_user, "evidence.submit", evidence_id)
    try:
        actions.withdraw(db.session, piece, by=current_user, now=now())
    except Refused as refusal:
        return _render_refusal(piece, refusal)
    flash(
        _("“%(title)s” is withdrawn and a draft again.", title=labels.shorten_title(piece.title)),
        "message",
    )
    return see_other("evidence.show", evidence_id=piece.id)


@evidence.post("/evidence/<uuid:evidence_id>/comments")
@permit("evidence.comment")
def comment(evidence_id: uuid.UUID) -> Response:
    """Add a comment; htmx gets the timeline back, a plain form the page it is on."""
    piece = permissions.load(db.session, current_user, "evidence.comment", Evidence, evidence_id)
    form = CommentForm()
    status = 200
    try:
        comments.add(db.session, piece, form.text.data or "", by=current_user, now=now())
    except InvalidInput as fault:
        form.text.errors = [str(labels.ERROR_MESSAGES[each.code]) for each in fault.faults]
        status = 422
    except Refused as refusal:
        if refusal.reason in ("gone", "not_entitled") or not _can_still_see(piece):
            abort(404)
        form.text.errors = [str(labels.REFUSAL_MESSAGES[refusal.reason])]
        status = 409
    if status == 200 and not wants_fragment():
        page = "evidence" if piece.user_id == current_user.id else "reviews"
        return redirect(f"/{page}/{piece.id}#thread", code=303)
    template = "evidence/_timeline.html" if wants_fragment() else "evidence/timeline.html"
    mine = piece.user_id == current_user.id
    audience = Audience.OWNER if mine else Audience.MANAGER
    detail = load_detail(db.session, audience, piece.id) or abort(404)
    context = timeline_context(current_user, detail, form if status != 200 else None)
    response = make_response(render_template(template, **context), status)
    if status == 200:
        response.headers["HX-Trigger"] = json.dumps({"announce": _("Your comment is added.")})
    return response


def _can_still_see(piece: Evidence) -> bool:
    """Tell whether the reader still sees the item, which was read again under the lock."""
    return piece.user_id == current_user.id or piece.is_shared


def _render_refusal(piece: Evidence, refusal: Refused) -> Response:
    if refusal.reason == "gone":
        return see_other("evidence.index")
    return render_evidence_page(
        current_user, piece, refusal=str(labels.REFUSAL_MESSAGES[refusal.reason]), status=409
    )
