"""The form of a piece of evidence and the requests of its buttons."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from roadmap.catalog.queries import load_revision
from roadmap.core.database import db
from roadmap.core.dates import PartialDate
from roadmap.core.i18n import _
from roadmap.core.limiter import limit_searches, limiter
from roadmap.core.link_secrets import secret_parameters
from roadmap.core.text import clean_line, shorten, strip_control_characters
from roadmap.core.web import form_key, now, render_page, see_other, wants_fragment
from roadmap.evidence import actions, file_actions, labels, queries
from roadmap.evidence.blueprint import evidence
from roadmap.evidence.capture import capture_page, roadmap_return_url
from roadmap.evidence.constants import IMPACT_TYPES, MAX_FILES, MAX_IMPACTS, MAX_MILESTONES
from roadmap.evidence.file_rules import ALLOWED as ACCEPTED_TYPES
from roadmap.evidence.forms import EvidenceForm
from roadmap.evidence.item import LABELLED_TEXTS, Audience
from roadmap.evidence.kinds import KINDS
from roadmap.evidence.loader import load_item
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import INPUT_FIELDS, MAX_LENGTHS, Stale, normalize, renewed_dates
from roadmap.people.permissions import permit
from roadmap.progress.queries import enrollments

# Per user and process; high enough for adding ten files to each of several pieces.
UPLOAD_LIMIT = "120/minute"


def _parse_form(piece_id: uuid.UUID | None = None) -> EvidenceForm:
    """Parse the submitted form, with the files it references and the files it uploads.

    Uploads are stored even if the form turns out to be invalid.
    """
    form = EvidenceForm()
    sent = request.files.getlist("new_files")
    taken, refused = file_actions.store_uploads(current_user.id, sent, now=now())
    names = [*form.files.sha256s, *(file.sha256 for file in taken)]
    found = file_actions.load_files(
        db.session, current_user.id, names, piece_id=piece_id or form.about.data
    )
    if len(found) < len(set(names)):
        refused.append(str(labels.ERROR_MESSAGES["unknown_file"]))
    form.files.set_files(found, refused)
    if not wants_fragment():  # files.js says the same
        kept = {file.sha256: file.name for file in found}
        for file in taken:
            if (other := kept.get(file.sha256, file.name)) != file.name:
                flash(
                    _(
                        "“%(name)s” has the same content as “%(other)s”, so it is kept once.",
                        name=file.name,
                        other=other,
                    )
                )
    return form


@evidence.get("/evidence/new")
@permit("evidence.write")
def new() -> Response:
    """Show an empty form, prefilled by `?milestone=`, `?kind=`, `?title=` and `?issuer=`."""
    target = queries.load_published_milestones(db.session, current_user.id).get(
        request.args.get("milestone", "")
    )
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        kind = target.kinds[0] if target and target.kinds else ""
    last_visibility = queries.find_last_visibility(db.session, current_user.id)
    form = EvidenceForm(
        formdata=None,
        kind=kind,
        **{name: clean_line(request.args.get(name))[:200] for name in ("title", "issuer")},
        milestones=[target.key] if target else [],
        skills=target.skills if target else (),
        visibility=last_visibility or "team",
    )
    return _render_form(form, last_visibility=last_visibility)


@evidence.post("/evidence")
@permit("evidence.write")
def create() -> Response:
    form = _parse_form()
    if refused := _check_form(form, None):
        return refused
    piece = actions.create(
        db.session,
        current_user.id,
        form.evidence_input(),
        milestones=form.milestones.data,
        skills=form.skills.data,
        by=current_user,
        now=now(),
        key=form_key(),
    )
    message = _("“%(title)s” is saved as a draft.", title=shorten(piece.title))
    flash(f"{message}{_link_message(form)}{_shortfall_message(form)}", "message")
    if row := roadmap_return_url(request.args.get("back"), request.args.get("milestone", "")):
        return redirect(row, code=303)
    another = capture_page(request.args.get("back", "")) or None
    return see_other("evidence.show", evidence_id=piece.id, another=another)


@evidence.get("/evidence/<uuid:evidence_id>/edit")
@permit("evidence.write")
def edit(evidence_id: uuid.UUID) -> Response:
    """Show the form of an item; `?impact=` adds an empty row for an impact of this type.

    `?renew=1` fills in the dates of a certificate renewed today, and `?version=` the content of
    that version.
    """
    piece = queries.load_own(db.session, current_user, "evidence.write", evidence_id)
    linked = {"milestones": piece.milestone_keys, "skills": piece.skill_keys}
    saved = actions.evidence_input(piece)
    if number := request.args.get("version", type=int):
        item = load_item(db.session, Audience.OWNER, evidence_id) or abort(404)
        earlier = next((each for each in item.versions if each.number == number), None)
        saved = replace(saved, **(earlier or abort(404)).content)
    form = EvidenceForm(formdata=None, obj=saved, data=linked)
    wanted = request.args.get("impact")
    if is_wanted := wanted in IMPACT_TYPES and len(form.impacts) < MAX_IMPACTS:
        form.impacts.append_entry({"type": wanted})
    if request.args.get("renew") == "1":
        version, today = piece.current, current_user.today(now())
        begun = version.issued_on or version.occurred_on
        issued_on, expires_on = renewed_dates(begun, version.expires_on, today)
        if not form.has_issue_date:
            form.occurred_on.data = issued_on
        form.issued_on.data, form.expires_on.data = issued_on, expires_on
    return _render_form(form, piece=piece, opened="impacts" if is_wanted else "")


@evidence.put("/evidence/<uuid:evidence_id>")
@permit("evidence.write")
def update(evidence_id: uuid.UUID) -> Response:
    """Save an edit; show a conflict page (409) if it is based on an outdated revision."""
    form = _parse_form(evidence_id)
    piece = queries.load_own(db.session, current_user, "evidence.write", evidence_id)
    before = piece.current_id
    if refused := _check_form(form, piece):
        return refused
    try:
        changed = actions.edit(
            db.session,
            piece,
            form.evidence_input(),
            milestones=form.milestones.data,
            skills=form.skills.data,
            # A form without a revision counts as outdated.
            revision=form.revision.data or 0,
            by=current_user,
            now=now(),
        )
    except Stale:
        return _render_edit_conflict(form, piece)
    if changed:
        message = _saved_message(piece, before)
        flash(f"{message}{_link_message(form)}{_shortfall_message(form)}", "message")
    return see_other("evidence.show", evidence_id=piece.id)


@evidence.post("/evidence/preview")
@permit("evidence.write")
def preview() -> Response | str:
    """Preview the description; without JavaScript, within the whole form."""
    if wants_fragment():
        return render_template("evidence/_preview.html", text=EvidenceForm().description.data)
    return _render_again("description")


@evidence.post("/evidence/impacts")
@permit("evidence.write")
def add_impact() -> Response | str:
    """Add a row for one more impact."""
    form = EvidenceForm() if wants_fragment() else _parse_form()
    if len(form.impacts) < MAX_IMPACTS:
        form.impacts.append_entry()
    if wants_fragment():
        return render_template(
            "evidence/_impacts.html", form=form, labels=labels, most_impacts=MAX_IMPACTS, oob=True
        )
    return _render_again("impacts", form)


@evidence.get("/evidence/files")
@permit("evidence.write")
def may_upload() -> Response:
    """Return 200 if the user may upload files. The server asks before it reads a large body."""
    return Response("ok\n", mimetype="text/plain")


@evidence.post("/evidence/files")
@permit("evidence.write")
@limiter.limit(UPLOAD_LIMIT)
def upload() -> Response:
    """Store uploaded files for a piece that is not saved yet; the form's script sends them singly.

    Files become part of a piece when a form that references them is saved.
    """
    form = _parse_form()
    if not wants_fragment():
        status = 422 if form.files.errors else 200
        return _render_again("files", form, status=status)
    refused = form.files.errors or ([] if form.files.data else [_("Choose a file first.")])
    return render_page(
        "evidence/_file_choices.html",
        200 if form.files.data else 422,
        files=form.files.data,
        refused=refused,
        labels=labels,
    )


@evidence.post("/evidence/milestones")
@permit("evidence.write")
@limit_searches
def find_milestones() -> Response:
    """Show the whole form with the milestone search results."""
    return _render_again(searched=True)


@evidence.get("/evidence/milestones")
@permit("evidence.write")
@limit_searches
def milestones() -> str:
    """Search for milestones to link; return checkboxes to htmx, else a page of links."""
    words = clean_line(request.args.get("q"))[:200]
    keys = request.args.getlist("milestones")[: 2 * MAX_MILESTONES]
    chosen = [strip_control_characters(key)[:60] for key in keys]
    kind = request.args.get("kind", "")
    found = queries.search_milestones(
        db.session, words, user_id=current_user.id, kind=kind, exclude=chosen
    )
    if wants_fragment():
        return render_template(
            "evidence/_milestone_search.html",
            chosen=queries.load_milestones(db.session, chosen, user_id=current_user.id),
            found=found,
            words=words,
            kind=kind,
            most=MAX_MILESTONES,
        )
    return render_template("evidence/milestone_search.html", found=found, words=words)


def _check_form(form: EvidenceForm, piece: Evidence | None) -> Response | None:
    """Return the form to show again if it is invalid or was submitted from the search field."""
    # Pressing Enter in the search field must not save the form.
    if "enter" in request.form and form.q.data:
        return _render_form(form, piece=piece, searched=True)
    unknown = actions.find_link_errors(db.session, form.milestones.data, form.skills.data)
    stored = actions.evidence_input(piece).impacts if piece is not None else ()
    if not form.check_input(current_user.today(now()), unknown, stored):
        return _render_form(form, piece=piece, status=422)
    if not form.issued_on.raw_data:
        form.issued_on.data = _issue_date(form, piece)
    return None


def _issue_date(form: EvidenceForm, piece: Evidence | None) -> PartialDate | None:
    """Return the issue date if the form showed only one date.

    A certificate that was stored without an issue date stays without one, because adding it would
    create a new version.
    """
    before = piece.current if piece is not None else None
    is_kept_empty = before is not None and labels.is_issued(before.kind) and not before.issued_on
    return form.occurred_on.data if labels.is_issued(form.kind.data) and not is_kept_empty else None


def _skill_choices() -> list[tuple[str, str]]:
    """Return key and title of each skill, those of the user's own roadmaps first."""
    own = {
        skill.key
        for each in enrollments(db.session, current_user.id)
        for skill in load_revision(db.session, each.revision_id).content.skills
    }
    titles = queries.load_skill_titles(db.session).items()
    return sorted(titles, key=lambda skill: skill[0] not in own)


def _render_again(opened: str = "", form: EvidenceForm | None = None, **shown: Any) -> Response:
    """Render the submitted form again after one of its buttons was pressed, without saving it."""
    form = form or _parse_form()
    piece = None
    if form.about.data:
        piece = queries.load_own(db.session, current_user, "evidence.write", form.about.data)
    return _render_form(form, piece=piece, opened=opened, **shown)


def _link_message(form: EvidenceForm) -> str:
    """Return sentences about changes to the links and secrets in them, or ""."""
    links, sentences = form.url_fields, []
    if completed := [link.data for link in links if link.is_completed]:
        sentences.append(_("https:// was added to %(links)s.", links=", ".join(completed)))
    if any(link.is_stripped for link in links):
        sentences.append(labels.USERINFO_REMOVED)
    names = [name for link in links for name in secret_parameters(link.data or "")]
    if names:
        sentences.append(labels.secret_warning(dict.fromkeys(names)))
    return "".join(f" {each}" for each in sentences)


def _shortfall_message(form: EvidenceForm) -> str:
    """Return sentences about impacts that do not count and what they lack, or ""."""
    impacts = [row for row in form.evidence_input().impacts if row.has_content]
    return "".join(
        f" {_('Impact %(number)s %(reason)s.', number=n, reason=labels.impact_shortfall(row))}"
        for n, row in enumerate(impacts, 1)
        if not row.is_complete
    )


def _saved_message(piece: Evidence, before: uuid.UUID | None) -> str:
    """Return the message after an edit, including which version counts if a review is needed."""
    message = _("Your changes to “%(title)s” are saved.", title=shorten(piece.title))
    if piece.current_id == before or piece.state != "submitted":
        return message
    new, item = piece.current.number, load_item(db.session, Audience.OWNER, piece.id)
    if item is None or item.verified_number is None:
        waits = _("Version %(number)s is waiting for a review.", number=new)
    else:
        waits = _(
            "Version %(new)s is waiting for a review; version %(old)s counts until it is reviewed.",
            new=new,
            old=item.verified_number,
        )
    return f"{message} {waits}"


def _render_form(
    form: EvidenceForm,
    *,
    piece: Evidence | None = None,
    searched: bool = False,
    opened: str = "",
    last_visibility: str | None = None,
    differences: Mapping[str, tuple[Any, Any]] | None = None,
    status: int = 200,
) -> Response:
    """Render the form; `differences` are the (saved, entered) values of fields in conflict.

    `opened` is a field whose section is shown expanded even if it is empty. `last_visibility` is
    that of the user's last piece, if the form starts with it.
    """
    if not form.impacts.entries:
        kind = KINDS.get(form.kind.data or "")
        form.impacts.append_entry({"type": next(iter(kind.impacts), None)} if kind else None)
    form.about.data = piece.id if piece else None
    if piece is not None and form.revision.data is None:
        form.revision.data = piece.revision
    if form.has_issue_date and labels.is_issued(form.kind.data):
        form.occurred_on.label.text = labels.EARNED_ON
    chosen, words = form.milestones.data, form.q.data if searched else ""
    named = ("milestone", "kind", "title", "issuer", "back")
    prefill = {key: request.args[key][:200] for key in named if key in request.args}
    return render_page(
        "evidence/form.html",
        status,
        form=form,
        prefilled=f"?{urlencode(prefill)}" if prefill else "",
        piece=piece,
        chosen=queries.load_milestones(db.session, chosen, user_id=current_user.id),
        found=queries.search_milestones(
            db.session,
            words or "",
            user_id=current_user.id,
            kind=form.kind.data or "",
            exclude=chosen,
        ),
        words=words,
        skills=_skill_choices(),
        opened=opened,
        last_visibility=last_visibility,
        differences=differences,
        further_texts={name: MAX_LENGTHS[name] for name in LABELLED_TEXTS},
        labels=labels,
        most=MAX_MILESTONES,
        most_impacts=MAX_IMPACTS,
        most_files=MAX_FILES,
        accepted_types=ACCEPTED_TYPES,
    )


def _render_edit_conflict(form: EvidenceForm, piece: Evidence) -> Response:
    """Show saved and entered values next to each other, in a form at the newer revision."""
    theirs = actions.evidence_input(piece)
    mine = actions.keep_stored_texts(normalize(form.evidence_input()), theirs)
    found = {name: (getattr(theirs, name), getattr(mine, name)) for name in INPUT_FIELDS}
    differences = {name: values for name, values in found.items() if values[0] != values[1]}
    published = queries.load_published_milestones(db.session, current_user.id)
    titles = {key: each.title for key, each in published.items()} | queries.load_skill_titles(
        db.session
    )
    for name, saved, typed in (
        ("milestones", piece.milestone_keys, form.milestones.data),
        ("skills", piece.skill_keys, form.skills.data),
    ):
        if set(saved) != set(typed):
            differences[name] = (
                ", ".join(titles.get(key, key) for key in saved),
                ", ".join(titles.get(key, key) for key in typed),
            )
    form.revision.data = piece.revision
    return _render_form(form, piece=piece, differences=differences, status=409)
