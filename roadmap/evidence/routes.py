"""Pages of a user's own evidence: the list, an item, its submission and its comments."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.dates import parse_moment
from roadmap.core.i18n import _
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean_line, shorten, strip_control_characters
from roadmap.core.web import (
    form_key,
    now,
    page_links,
    page_number,
    render_page,
    see_other,
    wants_fragment,
)
from roadmap.evidence import actions, labels, queries, review_actions, routes_capture, routes_form
from roadmap.evidence.blueprint import evidence
from roadmap.evidence.capture import capture_page
from roadmap.evidence.constants import STATES, TONES, VISIBILITIES
from roadmap.evidence.file_download import file_response
from roadmap.evidence.forms import CommentForm
from roadmap.evidence.item import Audience
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.list_query import (
    FILTER_NAMES,
    SORTS,
    TIMESTAMP_FILTERS,
    Filters,
    list_evidence,
    load_overview,
)
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import InvalidInput, Refused
from roadmap.evidence.timeline import timeline_context
from roadmap.people import permissions
from roadmap.people.permissions import permit
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.progress.queries import enrollments

__all__ = ["evidence", "routes_capture", "routes_form"]

# The allowed values of the list's filters.
CHOICES: dict[str, Collection[str]] = {
    "state": STATES,
    "tone": TONES,
    "visibility": VISIBILITIES,
    "sort": SORTS,
}

# --- The list -------------------------------------------------------------------------------------


@evidence.get("/evidence")
@permit("evidence.read")
@limit_searches
def index() -> str:
    """Show the list, or for htmx only the part that depends on the filters."""
    today = current_user.today(now())
    filters = _parse_filters()
    found = list_evidence(db.session, current_user.id, filters, today=today, page=page_number())
    given = {
        name: value
        for name in ("q", *FILTER_NAMES, "sort")
        if (value := strip_control_characters(request.args.get(name, "")))
    }
    pages = page_links("/evidence", found.page, has_next=found.has_next, query=given)
    shown = {"found": found, "filters": filters, "pages": pages, "labels": labels, "today": today}
    if wants_fragment():
        return render_template("evidence/_list.html", **shown)
    overview = load_overview(db.session, current_user.id, today=today)
    choices = {
        "kind": _kind_choices(filters.kind),
        # Unverified evidence counts as evidenced only for some milestones, so the label is neutral.
        "tone": (labels.TONES | {"evidenced": _("Not verified")}).items(),
        "state": labels.STATES.items(),
        "visibility": labels.VISIBILITIES.items(),
        "year": [(str(year), str(year)) for year in overview.years],
        "milestone": overview.milestones,
        "skill": overview.skills,
    }
    return render_template("evidence/index.html", **shown, overview=overview, choices=choices)


def _kind_choices(chosen: str | None) -> list[tuple[str, str]]:
    """Return the options of the kind filter, including a list of kinds from the URL."""
    kinds = [(key, str(label)) for key, label in labels.KINDS.items()]
    if chosen and "," in chosen:
        kinds.insert(0, (chosen, ", ".join(str(labels.KINDS[each]) for each in chosen.split(","))))
    return kinds


def _parse_filters() -> Filters:
    """Parse the filters from the query string; an unknown value means any."""
    year = request.args.get("year", "")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and 1950 <= int(year) <= 2200):
        year = "0"
    words: dict[str, Any] = {
        name: word for name, known in CHOICES.items() if (word := request.args.get(name)) in known
    }
    keys: dict[str, Any] = {
        name: strip_control_characters(request.args.get(name, ""))[:60] or None
        for name in ("milestone", "skill")
    }
    kind = request.args.get("kind", "")
    if all(each in KINDS for each in kind.split(",")):
        keys["kind"] = kind
    keys |= {name: parse_moment(request.args.get(name, "")) for name in TIMESTAMP_FILTERS}
    return Filters(
        q=clean_line(request.args.get("q"))[:200], year=int(year) or None, **words, **keys
    )


# --- One item -------------------------------------------------------------------------------------


@evidence.get("/evidence/<uuid:evidence_id>")
@permit("evidence.read")
def show(evidence_id: uuid.UUID) -> Response:
    """Show an item to its owner; redirect a reviewer to the review page."""
    piece = permissions.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
    if piece.user_id != current_user.id:
        return redirect(f"/reviews/{piece.id}", code=303)
    return _render_item(piece)


@evidence.get("/evidence/<uuid:evidence_id>/files/<sha256>")
@permit("evidence.read")
def download(evidence_id: uuid.UUID, sha256: str) -> Response:
    """Download a file of a version that the reader can see."""
    piece = permissions.load(db.session, current_user, "evidence.read", Evidence, evidence_id)
    audience = Audience.OWNER if piece.user_id == current_user.id else Audience.MANAGER
    item = load_item(db.session, audience, piece.id) or abort(404)
    return file_response(item.find_file(sha256) or abort(404))


@evidence.get("/evidence/<uuid:evidence_id>/delete")
@permit("evidence.write")
def ask_delete(evidence_id: uuid.UUID) -> str:
    """Show a confirmation page that lists what would be deleted."""
    piece = _load_own(evidence_id)
    detail = queries.load_detail(db.session, Audience.OWNER, piece.id) or abort(404)
    return render_template(
        "evidence/delete.html",
        piece=detail.item,
        detail=detail,
        labels=labels,
        public_links=queries.count_public_links(db.session, detail.item, now()),
    )


@evidence.delete("/evidence/<uuid:evidence_id>")
@permit("evidence.write")
def delete(evidence_id: uuid.UUID) -> Response:
    piece = _load_own(evidence_id)
    title = shorten(piece.title)
    actions.delete(db.session, piece, by=current_user, now=now())
    flash(_("“%(title)s” is deleted.", title=title), "message")
    return see_other("evidence.index")


@evidence.put("/evidence/<uuid:evidence_id>/acceptance")
@permit("evidence.write")
def accept(evidence_id: uuid.UUID) -> Response:
    """Accept a token's draft unchanged."""
    piece = _load_own(evidence_id)
    if actions.accept(db.session, piece, by=current_user, now=now()):
        flash(_("“%(title)s” is accepted.", title=shorten(piece.title)), "message")
    return _redirect_to_message(piece)


@evidence.put("/evidence/<uuid:evidence_id>/submission")
@permit("evidence.submit")
def submit(evidence_id: uuid.UUID) -> Response:
    """Submit an item for review; share a private item first if the form sets its visibility.

    A verified private item is only shared, because there is nothing left to review.
    """
    piece = _load_own(evidence_id, "evidence.submit")
    visibility = request.form.get("visibility", "")
    try:
        # Re-read the item under the lock, so that the edit starts from its latest state.
        actions.lock_and_reload(db.session, piece, current_user)
        if piece.visibility == "private" and visibility in ("team", "portfolio"):
            shared = replace(actions.evidence_input(piece), visibility=visibility)
            actions.edit(db.session, piece, shared, by=current_user, now=now())
            if piece.state == "verified":
                message = _(
                    "“%(title)s” is now shared. It was already reviewed, so no review is needed.",
                    title=shorten(piece.title),
                )
                flash(message, "message")
                return _redirect_to_message(piece)
        actions.submit(db.session, piece, by=current_user, now=now())
    except InvalidInput as invalid:
        # The item was valid when saved, but its date may be in the future after the user changed
        # their time zone.
        messages = " ".join(str(labels.ERROR_MESSAGES[each.code]) for each in invalid.errors)
        return _render_item(piece, refusal=messages, status=422)
    title, category = shorten(piece.title), "message"
    managers, mentors = _load_readers(piece.user_id)
    if managers:
        message = _(
            "“%(title)s” is now waiting for %(names)s.", title=title, names=_join_names(managers)
        )
    elif mentors:
        message = _(
            "“%(title)s” is now shared with %(names)s for comments. It cannot be "
            "verified until you are in a team with a manager.",
            title=title,
            names=_join_names(mentors),
        )
    else:
        category = "warning"
        message = _(
            "“%(title)s” is submitted. You are not in a team with a manager or mentor, "
            "so no one sees it.",
            title=title,
        )
    flash(message, category)
    return _redirect_to_message(piece)


@evidence.delete("/evidence/<uuid:evidence_id>/submission")
@permit("evidence.submit")
def withdraw(evidence_id: uuid.UUID) -> Response:
    """Withdraw an item from review; its verified version stays shared."""
    piece = _load_own(evidence_id, "evidence.submit")
    actions.withdraw(db.session, piece, by=current_user, now=now())
    title = shorten(piece.title)
    text = _("“%(title)s” is withdrawn and a draft again.", title=title)
    if piece.shared_state == "verified":
        text = _(
            "The new version of “%(title)s” is withdrawn; the verified one counts.", title=title
        )
    flash(text, "message")
    return _redirect_to_message(piece)


@evidence.post("/evidence/<uuid:evidence_id>/comments")
@permit("evidence.comment")
def comment(evidence_id: uuid.UUID) -> Response:
    """Add a comment; return the timeline to htmx, or redirect a plain form to its page."""
    piece = permissions.load(db.session, current_user, "evidence.comment", Evidence, evidence_id)
    mine = piece.user_id == current_user.id
    form = CommentForm()
    status = 200
    try:
        text = form.text.data or ""
        review_actions.add_comment(
            db.session, piece, text, by=current_user, now=now(), key=form_key()
        )
    except InvalidInput as invalid:
        form.text.errors = [str(labels.ERROR_MESSAGES[each.code]) for each in invalid.errors]
        status = 422
    except Refused as refusal:
        # The reader may have lost access to the item when it was re-read under the lock.
        if refusal.reason in ("gone", "not_entitled") or not (mine or piece.is_shared):
            abort(404)
        form.text.errors = [str(labels.REFUSAL_MESSAGES[refusal.reason])]
        status = 409
    if status == 200 and not wants_fragment():
        return redirect(f"/{'evidence' if mine else 'reviews'}/{piece.id}#thread", code=303)
    template = "evidence/_timeline.html" if wants_fragment() else "evidence/timeline.html"
    audience = Audience.OWNER if mine else Audience.MANAGER
    detail = queries.load_detail(db.session, audience, piece.id) or abort(404)
    context = timeline_context(db.session, current_user, detail, form if status != 200 else None)
    announcement = _("Your comment is added.") if status == 200 else ""
    return render_page(template, status, announce=announcement, **context)


def _load_readers(user_id: uuid.UUID) -> tuple[list[str], list[str]]:
    """Load the names of a user's managers, and of their mentors if they have no manager."""
    managers, mentors = load_holders(db.session, user_id, Capability.REVIEW), []
    if not managers:
        mentors = load_holders(db.session, user_id, Capability.COMMENT)
    return [each.name for each in managers], [each.name for each in mentors]


def _load_own(evidence_id: uuid.UUID, action: str = "evidence.write") -> Evidence:
    return queries.load_own(db.session, current_user, action, evidence_id)


def _render_item(piece: Evidence, *, refusal: str = "", status: int = 200) -> Response:
    """Render the owner's page of an item; `refusal` is an error message."""
    detail = queries.load_detail(db.session, Audience.OWNER, piece.id) or abort(404)
    managers, mentors = _load_readers(piece.user_id)
    today = current_user.today(now())
    begun = {each.slug for each in enrollments(db.session, current_user.id)}
    return render_page(
        "evidence/show.html",
        status,
        detail=detail,
        not_started=[
            each for each in detail.milestones.values() if each.slug and each.slug not in begun
        ],
        managers=managers,
        mentors=mentors,
        own_team=None if managers else permissions.find_invitable_team(db.session, current_user),
        proves=bool(
            queries.load_provable_milestones(db.session, piece.milestone_keys, piece.current.kind)
        ),
        asked=_join_names(managers or mentors),
        reader=queries.assigned_reviewer(db.session, piece),
        today=today,
        linked=queries.find_linked_milestones(db.session, detail.item, today),
        public_links=queries.count_public_links(db.session, detail.item, now()),
        refused=refusal,
        another=capture_page(request.args.get("another", "")),
        **timeline_context(db.session, current_user, detail),
    )


@evidence.errorhandler(Refused)
def render_refusal(refusal: Refused) -> Response:
    """Show the stored item with the reason for a refused action."""
    # Undo the sharing as well if `submit` was refused after it.
    db.session.rollback()
    if refusal.reason == "gone" or not request.view_args:
        return see_other("evidence.index")
    piece = _load_own(request.view_args["evidence_id"], "evidence.read")
    message = str(labels.REFUSAL_MESSAGES[refusal.reason])
    return _render_item(piece, refusal=message, status=409)


def _redirect_to_message(piece: Evidence) -> Response:
    """Redirect to the item and focus the message, because the button no longer exists."""
    return redirect(f"/evidence/{piece.id}#main", code=303)


def _join_names(names: list[str]) -> str:
    """Join names: 'Ann', 'Ann and Ben', or the first two and the number of others."""
    if len(names) < 2:
        return "".join(names)
    first, second, *more = names
    if not more:
        return _("%(first)s and %(second)s", first=first, second=second)
    return _("%(first)s, %(second)s and %(more)d more", first=first, second=second, more=len(more))
