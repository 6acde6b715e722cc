"""The bulk review page, on which a new manager of a user verifies many of their items at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.dates import parse_moment
from roadmap.core.i18n import _, ngettext
from roadmap.core.text import parse_uuid
from roadmap.core.web import now, page_links, page_number, render_page, see_other
from roadmap.evidence import labels, review_actions
from roadmap.evidence.models import Evidence
from roadmap.evidence.review_actions import VerificationChoice
from roadmap.evidence.rules import InvalidInput
from roadmap.people import permissions
from roadmap.people.labels import BASES
from roadmap.people.models import User
from roadmap.people.permissions import permit
from roadmap.reviews import queries
from roadmap.reviews.blueprint import reviews
from roadmap.reviews.forms import BulkReviewForm, WithdrawalForm

PAGE_SIZE = 25
# For an unreadable time, at which nothing was verified.
NO_MOMENT = dt.datetime.min.replace(tzinfo=dt.UTC)

# By item id: whether it is selected, its checked milestones and its own basis.
SubmittedItems = Mapping[uuid.UUID, tuple[bool, list[str], str]]


@reviews.get("/reviews/people/<uuid:person_id>")
@permit("person.verify")
def unreviewed(person_id: uuid.UUID) -> Response:
    """Show a user's unreviewed items with their criteria."""
    return _render_unreviewed(_load_person(person_id))


@reviews.put("/reviews/people/<uuid:person_id>")
@permit("person.verify")
def verify_selected(person_id: uuid.UUID) -> Response:
    """Verify the selected items; skip those that have changed, and show why."""
    person, form = _load_person(person_id), BulkReviewForm()
    if not form.validate_on_submit():
        return _render_unreviewed(person, form, status=422)
    read = form.pieces.data[:PAGE_SIZE]
    pieces = sa.select(Evidence).where(
        Evidence.id.in_([each.id for each in read]), Evidence.user_id == person.id
    )
    found = {piece.id: piece for piece in db.session.scalars(pieces)}
    submitted, choices = _parse_submitted_items(form), []
    for each in read:
        _is_selected, ticked, basis = submitted[each.id]
        if each.id in found and ticked:
            basis = basis or form.basis.data
            choices.append(
                VerificationChoice(found[each.id], each.version_id, each.title, ticked, basis)
            )
    failed = review_actions.verify_items(
        db.session, person.id, choices, form.comment.data or "", by=current_user, now=now()
    )
    unticked = {key: "nothing_ticked" for key in found if not submitted[key][1]}
    refused = unticked | failed
    # Check again under the lock: the actor may have lost access to the user, not only to items.
    _load_person(person_id)
    if number := len(choices) - len(failed):
        text = ngettext(
            "One piece of %(name)s is verified.",
            "%(num)s pieces of %(name)s are verified.",
            number,
            name=person.name,
        )
        flash(text, "message")
    if refused:
        return _render_unreviewed(
            person,
            form,
            submitted=submitted,
            skipped=[
                (each.title, _skip_reason(refused[each.id])) for each in read if each.id in refused
            ],
        )
    cleared = [str(key) for key, (is_selected, *_rest) in submitted.items() if not is_selected]
    return see_other("reviews.unreviewed", person_id=person.id, cleared=cleared, _anchor="main")


@reviews.delete("/reviews/people/<uuid:person_id>")
@permit("person.verify")
def withdraw_verifications(person_id: uuid.UUID) -> Response:
    """Withdraw verifications given at one time, and show the form with the earlier input."""
    person, form = _load_person(person_id), WithdrawalForm()
    moment = parse_moment(request.form.get("decided_at", "")) or NO_MOMENT
    try:
        withdrawn, refused = review_actions.withdraw_verifications(
            db.session,
            person.id,
            moment,
            form.reason.data or "",
            by=current_user,
            now=now(),
        )
    except InvalidInput as error:
        form.add_errors(error)
        return _render_unreviewed(person, withdrawal=form, status=422)
    _load_person(person_id)
    if number := len(withdrawn):
        text = ngettext(
            "Undone. One piece of %(name)s is waiting again, or counts as it did before.",
            "Undone. %(num)s pieces of %(name)s are waiting again, or count as they did before.",
            number,
            name=person.name,
        )
        flash(text, "message")
    elif not refused:
        flash(labels.REFUSAL_MESSAGES["withdrawn_already"], "message")
    skipped = [(title, _skip_reason(reason)) for title, reason in sorted(refused)]
    if not withdrawn:
        if skipped:
            return _render_unreviewed(person, skipped=skipped)
        return see_other("reviews.unreviewed", person_id=person.id, _anchor="main")
    bases = {review.basis for review, _keys in withdrawn}
    basis = bases.pop() if len(bases) == 1 else ""
    return _render_unreviewed(
        person,
        BulkReviewForm(formdata=None, data={"comment": withdrawn[0][0].comment, "basis": basis}),
        submitted={
            review.evidence_id: (True, keys, "" if basis else review.basis)
            for review, keys in withdrawn
        },
        skipped=skipped,
    )


def _load_person(person_id: uuid.UUID) -> User:
    return permissions.load(db.session, current_user, "person.verify", User, person_id)


def _skip_reason(reason: str) -> str:
    if reason == "not_entitled":
        return _("It is no longer shared.")
    if reason == "nothing_ticked":
        return _("None of its milestones is ticked, so it is still waiting.")
    return str(labels.REFUSAL_MESSAGES[reason])


def _parse_submitted_items(form: BulkReviewForm) -> SubmittedItems:
    """Parse the input for each item on the page; an item without milestones is deselected."""
    ticked: dict[str, list[str]] = {}
    for value in request.form.getlist("milestones"):
        piece, _space, key = value.partition(" ")
        ticked.setdefault(piece, []).append(key[:60])
    selected = {each.id for each in form.pieces.data}
    # Every selectable item sends a basis, which may be empty.
    names = (name.removeprefix("basis-") for name in request.form if name.startswith("basis-"))
    on_page = selected | {found for name in names if (found := parse_uuid(name)) is not None}
    return {
        key: (
            key in selected and str(key) in ticked,
            ticked.get(str(key), []),
            request.form.get(f"basis-{key}", ""),
        )
        for key in on_page
    }


def _render_unreviewed(
    person: User,
    form: BulkReviewForm | None = None,
    *,
    submitted: SubmittedItems | None = None,
    withdrawal: WithdrawalForm | None = None,
    skipped: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> Response:
    """Render the page; `skipped` are titles of skipped items with the reasons.

    Keeps the selections in `submitted`, which defaults to the input of this request.
    """
    page = page_number()
    _name, team = queries.find_author(db.session, current_user, person.id) or abort(404)
    found = queries.list_unreviewed(
        db.session, current_user, person.id, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE
    )
    if submitted is None:
        submitted = _parse_submitted_items(form) if form is not None else {}
    cleared = request.args.getlist("cleared")
    shown: list[tuple[queries.UnreviewedItem, bool, Any, str]] = []
    for each in found[:PAGE_SIZE]:
        # Without a form, items are selected unless the user cleared them before.
        by_default = form is None and str(each.item.id) not in cleared, each.offered, ""
        is_selected, ticked, basis = submitted.get(each.item.id, by_default)
        shown.append((each, each.can_verify and is_selected, ticked, basis))
    path = f"/reviews/people/{person.id}"
    return render_page(
        "reviews/unreviewed.html",
        status,
        user=person,
        team=team,
        form=form or BulkReviewForm(formdata=None),
        withdrawal=withdrawal or WithdrawalForm(formdata=None),
        shown=shown,
        is_all_selected=all(is_selected for each, is_selected, *_rest in shown if each.can_verify),
        count=queries.count_unreviewed(db.session, current_user, person.id),
        recent=queries.find_recent_verifications(db.session, current_user, person.id, now=now()),
        path=path,
        form_path=f"{path}?page={page}" if page > 1 else path,
        pages=page_links(path, page, has_next=len(found) > PAGE_SIZE),
        bases=BASES,
        skipped=skipped,
        labels=labels,
    )
