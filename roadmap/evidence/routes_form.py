"""The form of an item: new, edit, and the three parts that htmx swaps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.core.database import db
from roadmap.core.limiter import limit_searches
from roadmap.core.text import clean_line, strip_control_characters
from roadmap.core.web import now, see_other, wants_fragment
from roadmap.evidence import actions, labels
from roadmap.evidence.blueprint import evidence, load_own_evidence
from roadmap.evidence.constants import MAX_IMPACTS, MAX_MILESTONES
from roadmap.evidence.forms import EvidenceForm, form_data_of
from roadmap.evidence.item import Audience
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.linkable_milestones import (
    load_milestones,
    load_published_milestones,
    load_skill_titles,
    search_milestones,
)
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence
from roadmap.evidence.repository import evidence_input, keep_stored_texts, linked_keys
from roadmap.evidence.rules import INPUT_FIELDS, Stale, normalize
from roadmap.people.permissions import permit


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that was saved with another value while a form was open."""

    name: str
    saved: Any
    typed: Any


@evidence.get("/evidence/new")
@permit("evidence.write")
def new() -> Response:
    """Show an empty form; `?milestone=` links that milestone, `?kind=` selects a kind."""
    target = load_published_milestones(db.session).get(request.args.get("milestone", ""))
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        kind = target.kinds[0] if target and target.kinds else ""
    form = EvidenceForm(
        formdata=None,
        kind=kind,
        occurred_on=current_user.today(now()),
        milestones=[target.key] if target else [],
        skills=target.skills if target else (),
    )
    return _render_form(form)


@evidence.post("/evidence")
@permit("evidence.write")
def create() -> Response:
    form = EvidenceForm()
    if _is_search(form):
        return _render_form(form, searched=True)
    if not form.check_input(current_user.today(now()), _load_known_keys(form)):
        return _render_form(form, status=422)
    piece = actions.create(
        db.session,
        current_user.id,
        form.evidence_input(),
        milestones=form.milestones.data,
        skills=form.skills.data,
        key=form.submission_key,
        by=current_user,
        now=now(),
    )
    flash(_("“%(title)s” is saved as a draft.", title=labels.shorten_title(piece.title)), "message")
    return see_other("evidence.show", evidence_id=piece.id)


@evidence.get("/evidence/<uuid:evidence_id>/edit")
@permit("evidence.write")
def edit(evidence_id: uuid.UUID) -> Response:
    piece = load_own_evidence(current_user, "evidence.write", evidence_id)
    return _render_form(_form_from_evidence(piece), about=piece)


@evidence.put("/evidence/<uuid:evidence_id>")
@permit("evidence.write")
def update(evidence_id: uuid.UUID) -> Response:
    """Save an edit. One made from an older revision is shown beside the newer (409)."""
    piece = load_own_evidence(current_user, "evidence.write", evidence_id)
    before = piece.current_id
    form = EvidenceForm()
    if _is_search(form):
        return _render_form(form, about=piece, searched=True)
    if not form.check_input(current_user.today(now()), _load_known_keys(form)):
        return _render_form(form, about=piece, status=422)
    try:
        changed = actions.edit(
            db.session,
            piece,
            form.evidence_input(),
            milestones=form.milestones.data,
            skills=form.skills.data,
            # A form without a revision counts as outdated.
            revision=form.read_revision or 0,
            by=current_user,
            now=now(),
        )
    except Stale:
        return _render_edit_conflict(form, piece)
    if changed:
        flash(_saved_message(piece, before), "message")
    return see_other("evidence.show", evidence_id=piece.id)


@evidence.post("/evidence/preview")
@permit("evidence.write")
def preview() -> Response | str:
    """Preview the description; without JavaScript in the whole form."""
    form = EvidenceForm()
    if wants_fragment():
        return render_template("evidence/_preview.html", text=form.description.data)
    return _render_form(form, about=_load_edited(form), previewed=True)


@evidence.post("/evidence/impacts")
@permit("evidence.write")
def add_impact() -> Response | str:
    """Add a row for one more impact."""
    form = EvidenceForm()
    if len(form.impacts) < MAX_IMPACTS:
        form.impacts.append_entry()
    if wants_fragment():
        return render_template(
            "evidence/_impacts.html", form=form, labels=labels, most_impacts=MAX_IMPACTS
        )
    return _render_form(form, about=_load_edited(form))


@evidence.post("/evidence/milestones")
@permit("evidence.write")
@limit_searches
def find_milestones() -> Response:
    """Show the whole form with the milestones that the search found."""
    form = EvidenceForm()
    return _render_form(form, about=_load_edited(form), searched=True)


@evidence.get("/evidence/milestones")
@permit("evidence.write")
@limit_searches
def milestones() -> str:
    """Show milestones to link: as checkboxes for htmx, else as a page that leads to the form."""
    words = clean_line(request.args.get("q"))[:200]
    chosen = [strip_control_characters(key)[:60] for key in request.args.getlist("milestones")][
        : 2 * MAX_MILESTONES
    ]
    found = search_milestones(db.session, words, leave_out=chosen)
    if wants_fragment():
        return render_template(
            "evidence/_milestone_search.html",
            chosen=load_milestones(db.session, chosen),
            found=found,
            words=words,
            kind=request.args.get("kind", ""),
            most=MAX_MILESTONES,
        )
    return render_template("evidence/milestone_search.html", found=found, words=words)


def _saved_message(piece: Evidence, before: uuid.UUID | None) -> str:
    """Say what was saved; after an edit of a verified item also which version counts now."""
    said = _("Your changes to “%(title)s” are saved.", title=labels.shorten_title(piece.title))
    if piece.current_id == before or piece.state != "submitted":
        return said
    item = load_item(db.session, Audience.OWNER, piece.id)
    if item is None or item.verified_number is None:
        waits = _("Version %(number)s is waiting for a review.", number=piece.current.number)
    else:
        waits = _(
            "Version %(new)s is waiting for a review; version %(old)s counts until it is judged.",
            new=piece.current.number,
            old=item.verified_number,
        )
    return f"{said} {waits}"


def _is_search(form: EvidenceForm) -> bool:
    """Tell whether Enter was pressed in the search field, which must not save the form."""
    return "enter" in request.form and bool(form.q.data)


def _load_edited(form: EvidenceForm) -> Evidence | None:
    return (
        load_own_evidence(current_user, "evidence.write", form.about_id) if form.about_id else None
    )


def _load_known_keys(form: EvidenceForm) -> dict[str, Sequence[str]]:
    return {
        "milestones": [target.key for target in load_milestones(db.session, form.milestones.data)],
        "skills": [key for key, _title in load_skill_titles(db.session)],
    }


def _form_from_evidence(piece: Evidence) -> EvidenceForm:
    return EvidenceForm(
        formdata=None,
        data={
            **form_data_of(evidence_input(piece)),
            "milestones": linked_keys(piece),
            "skills": [row.skill_key for row in piece.skills],
        },
    )


def _render_form(
    form: EvidenceForm,
    *,
    about: Evidence | None = None,
    searched: bool = False,
    previewed: bool = False,
    differences: Sequence[FieldDifference] | None = None,
    status: int = 200,
) -> Response:
    if not form.impacts.entries:
        form.impacts.append_entry()
    form.about.data = str(about.id) if about else ""
    if about is None and form.submission_key is None:
        form.key.data = str(uuid.uuid4())
    if about is not None and form.read_revision is None:
        form.revision.data = str(about.revision)
    chosen = form.milestones.data
    page = render_template(
        "evidence/form.html",
        form=form,
        about=about,
        chosen=load_milestones(db.session, chosen),
        found=search_milestones(db.session, form.q.data or "", leave_out=chosen)
        if searched
        else (),
        words=form.q.data if searched else "",
        skills=load_skill_titles(db.session),
        previewed=previewed,
        differences=differences,
        labels=labels,
        most=MAX_MILESTONES,
        most_impacts=MAX_IMPACTS,
    )
    return make_response(page, status)


def _render_edit_conflict(form: EvidenceForm, piece: Evidence) -> Response:
    """Show what was saved meanwhile beside what was entered, in a form at the newer revision."""
    theirs = evidence_input(piece)
    mine = keep_stored_texts(normalize(form.evidence_input(), strip_control_characters), theirs)
    rows = [
        FieldDifference(name, getattr(theirs, name), getattr(mine, name))
        for name in INPUT_FIELDS
        if getattr(theirs, name) != getattr(mine, name)
    ]
    titles = {target.key: target.title for target in load_published_milestones(db.session).values()}
    titles.update(load_skill_titles(db.session))
    for name, saved, typed in (
        ("milestones", linked_keys(piece), form.milestones.data),
        ("skills", [row.skill_key for row in piece.skills], form.skills.data),
    ):
        if set(saved) != set(typed):
            rows.append(
                FieldDifference(name, _join_titles(saved, titles), _join_titles(typed, titles))
            )
    form.revision.data = str(piece.revision)
    return _render_form(form, about=piece, differences=rows, status=409)


def _join_titles(keys: Sequence[str], titles: Mapping[str, str]) -> str:
    return ", ".join(titles.get(key, key) for key in keys)
