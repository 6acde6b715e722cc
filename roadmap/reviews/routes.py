"""A manager's review queue and the page for reviewing one item."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.errors import render_error
from roadmap.core.i18n import _, ngettext
from roadmap.core.text import parse_uuid, shorten, strip_control_characters
from roadmap.core.web import now, page_links, page_number, render_page, see_other, wants_fragment
from roadmap.evidence import labels, review_actions
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.models import Evidence
from roadmap.evidence.queries import load_provable_milestones
from roadmap.evidence.rules import InvalidInput, Refused, Stale
from roadmap.evidence.timeline import timeline_context
from roadmap.people import permissions
from roadmap.people.labels import BASES
from roadmap.people.permissions import permit
from roadmap.people.roles import Capability
from roadmap.reviews import queries, routes_bulk_review
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.forms import ReviewForm, WithdrawalForm

PAGE_SIZE = 50

__all__ = ["reviews", "routes_bulk_review"]


@reviews.get("/reviews")
@permit("review.list")
def index() -> str:
    """Show the queue, oldest first, or for htmx only the part that depends on the filters."""
    filters, page = _parse_filters(), page_number()
    given = filters.as_query
    part: Any = {"limit": PAGE_SIZE + 1, "offset": (page - 1) * PAGE_SIZE}
    if filters.is_completed:
        rows = queries.list_completed(db.session, current_user, filters, now=now(), **part)
    else:
        rows = queries.list_pending(db.session, current_user, filters, **part)
    choices = queries.load_filter_choices(db.session, current_user)
    shown = {
        "listed": _summary(filters, choices) if rows else "",
        "rows": rows[:PAGE_SIZE],
        "filters": filters,
        "given": given,
        "pages": page_links("/reviews", page, has_next=len(rows) > PAGE_SIZE, query=given),
        "page": page,
        "now": now(),
        "labels": labels,
    }
    if wants_fragment():
        return render_template("reviews/_queue.html", **shown)
    return render_template("reviews/index.html", **shown, choices=choices)


def _parse_filters() -> queries.Filters:
    """Parse the filters from the query string; an unknown value means any."""
    kind, show = request.args.get("kind", ""), request.args.get("show", "")
    return queries.Filters(
        person=parse_uuid(request.args.get("person")),
        kind=kind if kind in KINDS else None,
        team=strip_control_characters(request.args.get("team", ""))[:60] or None,
        show=show if show in queries.SHOW_OPTIONS else "waiting",
    )


def _summary(filters: queries.Filters, choices: dict[str, list[tuple[str, str]]]) -> str:
    """Return a sentence with the number of listed items and the active filters."""
    if not filters.as_query:
        return ngettext(
            "One piece is waiting for your review, in all teams that you manage.",
            "%(num)s pieces are waiting for your review, in all teams that you manage.",
            queries.count_pending(db.session, current_user),
        )
    if filters.is_completed:
        count = queries.count_completed(db.session, current_user, filters, now=now())
        if filters.show == "returned":
            pieces = ngettext("One piece returned", "%(num)s pieces returned", count)
        else:
            pieces = ngettext(
                "One piece reviewed in the last 30 days",
                "%(num)s pieces reviewed in the last 30 days",
                count,
            )
    else:
        count = queries.count_pending(db.session, current_user, filters)
        if filters.show == "in_review":
            pieces = ngettext("One piece in review", "%(num)s pieces in review", count)
        else:
            pieces = ngettext("One piece waiting", "%(num)s pieces waiting", count)
    parts = [pieces]
    if filters.person:
        name = dict(choices["people"]).get(str(filters.person), "")
        parts.append(_("by %(name)s", name=name))
    if filters.kind:
        parts.append(_("of the kind “%(kind)s”", kind=labels.KINDS[filters.kind]))
    if filters.team:
        name = dict(choices["teams"]).get(filters.team, "")
        parts.append(_("in the team %(name)s", name=name))
    return f"{', '.join(parts)}."


@reviews.get("/reviews/<uuid:evidence_id>")
@permit("review.read")
def show(evidence_id: uuid.UUID) -> Response:
    """Show the newest submitted version with the criteria of its milestones."""
    return _render_page(_load_evidence(evidence_id, "review.read"))


@reviews.put("/reviews/<uuid:evidence_id>")
@permit("evidence.review")
def decide(evidence_id: uuid.UUID) -> Response:
    """Verify or return an item, and redirect to the next pending one.

    A review of a version that is no longer the newest gets a 409: the page shows the newer version
    and keeps the reviewer's input. A review sent twice gets the response to the first.
    """
    piece = _load_evidence(evidence_id, "evidence.review")
    form = ReviewForm()
    if not form.check_input():
        return _render_page(piece, form, status=422)
    was_verified = piece.shared_state == "verified"
    decision = form.decision.data or ""
    try:
        review = review_actions.decide(
            db.session,
            piece,
            decision,
            form.comment.data or "",
            form.milestones.data,
            version_id=form.read_version,
            title=form.read_title.data,
            basis=form.basis.data,
            by=current_user,
            now=now(),
        )
    except review_actions.RepeatedReview as repeated:
        review, was_verified = repeated.first, False
    except Refused as refusal:
        return _render_refusal(piece, form, refusal)
    values = {"title": shorten(piece.title)}
    label = _("Look at it again or undo it")
    if decision == "returned":
        text = _("“%(title)s” is returned to its author.", **values)
    else:
        kind = review_actions.load_kind(db.session, review.version_id)
        fitting = load_provable_milestones(db.session, piece.milestone_keys, kind)
        text = ngettext(
            "“%(title)s” is verified: %(confirmed)d of %(num)d milestone confirmed.",
            "“%(title)s” is verified: %(confirmed)d of %(num)d milestones confirmed.",
            len(fitting),
            confirmed=len(review_actions.confirmed_keys(db.session, review.version_id)),
            **values,
        )
    address = url_for("reviews.show", evidence_id=piece.id, **_parse_filters().as_query)
    link = Markup('<a href="{}">{}</a>').format(address, label)
    flash(Markup("{} {}").format(text, link), "message")
    if not was_verified:
        _entry, address = _next_pending(piece)
    # Focus the message, not the menu above it.
    return redirect(f"{address}#main", code=303)


@reviews.delete("/reviews/<uuid:evidence_id>")
@permit("evidence.review")
def withdraw(evidence_id: uuid.UUID) -> Response:
    """Withdraw a review, and show the form with the reviewer's earlier input.

    The request identifies the review, so that sending it twice does not withdraw an earlier one.
    """
    piece = _load_evidence(evidence_id, "evidence.review")
    form = WithdrawalForm()
    review_id = form.review_id.data or uuid.UUID(int=0)
    try:
        review, milestones = review_actions.withdraw_review(
            db.session, piece, review_id, form.reason.data or "", by=current_user, now=now()
        )
    except InvalidInput as error:
        form.add_errors(error)
        return _render_page(piece, withdrawal=form, status=422)
    except Refused as refusal:
        _check_still_reviewable(piece, refusal)
        flash(labels.REFUSAL_MESSAGES[refusal.reason], "message")
        return _render_page(piece, status=409)
    values = {"title": shorten(piece.title)}
    if not piece.is_shared:
        flash(
            _("Your decision is undone. Its author withdrew “%(title)s” from review.", **values),
            "message",
        )
        return see_other("reviews.index")
    if review.decision == "verified" and piece.shared_state == "verified":
        text = _("Your verification is undone. “%(title)s” is still verified as before.", **values)
    elif review.decision == "returned":
        text = _("“%(title)s” is no longer returned. It is waiting for review again.", **values)
    else:
        text = _("“%(title)s” is no longer verified. It is waiting for review again.", **values)
    flash(text, "message")
    sent = {"comment": review.comment, "milestones": milestones, "basis": review.basis}
    if review.decision == "returned":
        sent = {"comment": review.comment}
    return _render_page(piece, ReviewForm(formdata=None, data=sent))


@reviews.put("/reviews/<uuid:evidence_id>/taking")
@permit("evidence.review")
def begin_review(evidence_id: uuid.UUID) -> Response:
    """Start a review, so that the author sees that the item is being reviewed."""
    piece = _load_evidence(evidence_id, "evidence.review")
    form = ReviewForm()
    try:
        review_actions.begin_review(
            db.session, piece, version_id=form.read_version, by=current_user, now=now()
        )
    except Refused as refusal:
        return _render_refusal(piece, form, refusal)
    return see_other("reviews.show", evidence_id=piece.id, **_parse_filters().as_query)


@reviews.delete("/reviews/<uuid:evidence_id>/taking")
@permit("evidence.review")
def stop_review(evidence_id: uuid.UUID) -> Response:
    """Stop one's own review, so that others can review the item and its author can withdraw it."""
    piece = _load_evidence(evidence_id, "evidence.review")
    try:
        review_actions.stop_review(db.session, piece, by=current_user, now=now())
    except Refused:
        abort(_not_found_page())
    return see_other("reviews.show", evidence_id=piece.id, **_parse_filters().as_query)


def _load_evidence(evidence_id: uuid.UUID, action: str) -> Evidence:
    """Load an item for an action; abort with 404 or 403, the latter also for one's own item."""
    try:
        piece = permissions.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
    except NotFound:
        abort(_not_found_page())
    if piece.user_id == current_user.id:
        way_out = _("It is one of your own pieces, under “Evidence” in the menu.")
        abort(render_error(403, str(labels.REFUSAL_MESSAGES["own"]), way_out))
    if not permissions.can(current_user, action, piece):
        abort(403)
    return piece


def _not_found_page() -> Response:
    """Render the same 404 page for every reason, so that it reveals nothing about the item."""
    text = _("It is not waiting for your review, or is no longer waiting.")
    if permissions.can(current_user, "review.list"):
        link = Markup('<a href="/reviews">{}</a>').format(_("See the review queue"))
        text = Markup("{} {}").format(text, link)
    return render_error(404, text)


def _render_refusal(piece: Evidence, form: ReviewForm, refusal: Refused) -> Response:
    """Render the current page with the reviewer's input and the reason for the refusal."""
    _check_still_reviewable(piece, refusal)
    if refusal.reason in (
        *("does_not_fit", "none_left", "nothing_to_confirm"),
        *("none_selected", "already_verified"),
    ):
        form.milestones.errors = [str(labels.REFUSAL_MESSAGES[refusal.reason])]
        return _render_page(piece, form, status=422)
    return _render_page(piece, form, refusal=refusal, status=409)


def _check_still_reviewable(piece: Evidence, refusal: Refused) -> None:
    """Abort with 404 if the reviewer lost access to the item."""
    if not piece.is_shared or refusal.reason in ("gone", "own", "not_entitled"):
        abort(_not_found_page())


def _next_pending(piece: Evidence) -> tuple[Any, str]:
    filters = replace(_parse_filters(), show="waiting")
    entry = queries.next_pending(db.session, current_user, filters, piece)
    if entry is None:
        return None, url_for("reviews.index", **filters.as_query)
    return entry, url_for("reviews.show", evidence_id=entry.id, **filters.as_query)


def _render_page(
    piece: Evidence,
    form: ReviewForm | None = None,
    *,
    refusal: Refused | None = None,
    withdrawal: WithdrawalForm | None = None,
    status: int = 200,
) -> Response:
    read = form.read_version if form is not None and isinstance(refusal, Stale) else None
    found = queries.load_review_page(db.session, current_user, piece, read=read)
    ticked = found.offered if form is None else form.milestones.data
    form = form or ReviewForm(formdata=None)
    conflict_message = _conflict_message(refusal, piece, form)
    withdrawn = refusal is not None and _is_withdrawn(piece, form)
    form.version_id.data = found.version.id
    form.read_title.data = piece.title
    form.decision.data = ""
    # If nothing is left to review, the input can still be sent as a comment. Input about a
    # withdrawn version is only displayed, because a comment would refer to another version.
    typed = "" if found.awaits_review or found.can_confirm_more else form.comment.data
    typed_before = ""
    if withdrawn:
        typed_before, typed = form.comment.data, ""
        form.comment.data = ""
    comment_form = CommentForm(formdata=None, data={"text": typed}) if typed else None
    following, next_address = _next_pending(piece)
    return render_page(
        "reviews/review.html",
        status,
        found=found,
        form=form,
        ticked=ticked,
        may_review=current_user.has_capability_over(Capability.REVIEW, piece.user_id),
        withdrawable=found.withdrawable_review(current_user, now()),
        withdrawal=withdrawal or WithdrawalForm(formdata=None),
        following=following,
        next_address=next_address,
        conflict_message=conflict_message,
        is_left=comment_form is not None,
        bases=BASES,
        typed_before=typed_before,
        is_stale=isinstance(refusal, Stale),
        given=_parse_filters().as_query,
        now=now(),
        **timeline_context(db.session, current_user, found.detail, comment_form),
    )


def _is_withdrawn(piece: Evidence, form: ReviewForm) -> bool:
    """Return whether the author withdrew the version that the reviewer read."""
    return piece.state == "draft" and form.read_version != piece.verified_version_id


def _conflict_message(refusal: Refused | None, piece: Evidence, form: ReviewForm) -> Any:
    if refusal is None:
        return ""
    if not isinstance(refusal, Stale) and _is_withdrawn(piece, form):
        return _("Its author withdrew this version from review while you read.")
    if not isinstance(refusal, Stale):
        return _("Someone reviewed it in the meantime. Its current state is shown below.")
    title = form.read_title.data
    if form.read_version == piece.current_id:
        return _("Its author changed the title while you read: it was “%(title)s”.", title=title)
    newer = _("Its author saved a newer version while you read. Below is the newer one.")
    if title and title != piece.title:
        return f"{newer} {_('It was called “%(title)s” before.', title=title)}"
    return newer
