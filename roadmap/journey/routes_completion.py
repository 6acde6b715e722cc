"""Change a milestone's status, plan or evidence, and respond with what changed on the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from flask import abort, flash, make_response, redirect, render_template, request
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from roadmap.catalog import queries as catalog
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.stale_forms import StaleForm
from roadmap.core.text import parse_uuid
from roadmap.core.web import (
    htmx,
    now,
    render_page,
    safe_redirect_target,
    see_other,
    wants_fragment,
)
from roadmap.evidence import actions as evidence
from roadmap.evidence.capture import roadmap_return_url
from roadmap.evidence.models import Evidence
from roadmap.evidence.rules import InvalidInput
from roadmap.journey.blueprint import journey, milestone_or_404, progress_or_redirect
from roadmap.journey.checklist_filter import ChecklistFilter
from roadmap.journey.forms import PlanForm, ReasonForm
from roadmap.journey.milestone_details import load_details
from roadmap.journey.presentation import RoadmapPresenter, tone_labels
from roadmap.journey.roadmap_progress import (
    RoadmapProgress,
    load_enrolled_progress,
    refresh_progress,
)
from roadmap.journey.routes_milestone import render_milestone, row_page
from roadmap.people.permissions import load, permit
from roadmap.progress import actions as progress
from roadmap.progress import queries as progress_queries
from roadmap.readiness.presentation import format_gain
from roadmap.readiness.summaries import own_score

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Milestone


def _change_status(
    slug: str,
    key: str,
    change: Callable[..., object],
    *,
    with_details: bool = False,
    **values: str,
) -> BaseResponse:
    """Change a status, and respond with what changed on the page."""
    enrolled = progress_queries.enrollment(db.session, current_user.id, slug) or abort(404)
    published = catalog.load_revision(db.session, enrolled.revision_id)
    milestone = published.content.by_key.get(key) or abort(404)
    before = own_score(db.session, current_user.id, enrolled, current_user.today(now()))
    change(db.session, current_user.id, key, **values, now=now())
    found = refresh_progress(db.session, current_user, enrolled, changed=milestone.key, now=now())
    message = _(
        "%(title)s: %(state)s",
        title=milestone.title,
        state=tone_labels()[found.tone(milestone.key)].lower(),
    )
    after = Fraction(str(found.data["score"]))
    gain = format_gain(Fraction(before), after) if before is not None else ""
    if gain:
        message = _("%(change)s. Change in readiness: %(gain)s", change=message, gain=gain)
    if not wants_fragment():
        target = request.form.get("back", "")
        message = render_template(
            "journey/_undo.html",
            message=message,
            slug=slug,
            m=milestone,
            tone=found.tone(milestone.key),
            back=target,
        )
        flash(Markup(message))  # noqa: S704 - the template escapes
        if target == "page":
            # The button is gone, so move the focus to the message.
            return see_other("journey.milestone_page", slug=slug, key=milestone.key, _anchor="main")
        if target.startswith("/evidence/"):
            return redirect(f"{safe_redirect_target(target, '/roadmaps')}#main", code=303)
        address = _filter_from_url(published.content, request.referrer or "").url()
        return redirect(f"{address}#{published.content.anchors[milestone.key]}", code=303)
    return _render_row(found, milestone, message, gain=gain, with_details=with_details)


def _render_row(
    found: RoadmapProgress,
    milestone: Milestone,
    message: str,
    *,
    message_section: str = "",
    category: str = "message",
    gain: str = "",
    with_details: bool = False,
) -> BaseResponse:
    """Render the row of a milestone and everything else on the page that changed with it.

    An expanded row (the script sends `details`) gets its details as well, with the message in the
    section `message_section`.
    """
    pages = RoadmapPresenter(found)
    content = found.published.content
    stage = content.stage_of[milestone.key]
    view = pages.stage(stage, with_rows=False)
    checklist_filter = _filter_from_url(content, htmx.current_url or "")
    on_roadmap = checklist_filter.path == f"/roadmaps/{content.slug}"
    response = render_page(
        "journey/_completion.html",
        announce=message,
        **pages.score_context(),
        **pages.filter_context(checklist_filter, None if on_roadmap else stage),
        roadmap=content,
        view=view,
        on_roadmap=on_roadmap,
        gain=gain,
        stone=pages.stone(stage, milestone.key, view.short_summary, checklist_filter.trail_base)
        if on_roadmap
        else pages.small_cairn(stage),
        row=pages.row(milestone),
        details=load_details(db.session, current_user.id, found, milestone)
        if with_details or "details" in request.form
        else None,
        message=message,
        message_section=message_section,
        category=category,
        page=row_page(),
        m=milestone,
        anchor=content.anchors[milestone.key],
        slug=content.slug,
    )
    # The person is locked until the commit, so that a later time means a later change.
    response.headers["Rendered-At"] = str(time.time_ns())
    return response


def _filter_from_url(content: Content, address: str) -> ChecklistFilter:
    """Return the filter of the list at a URL, which is a stage's or the roadmap's."""
    page, path = urlsplit(address), f"/roadmaps/{content.slug}"
    stages = {f"{path}/{stage.key}" for stage in content.stages}
    query = dict(parse_qsl(page.query))
    return ChecklistFilter.from_query(
        page.path if page.path in stages else path, query, content.skill_by_key
    )


def _refusal_response(key: str, page: str, status: int) -> BaseResponse:
    """Return a form with errors, which htmx puts below the row instead of replacing the row."""
    response = make_response(page, status)
    response.headers["HX-Retarget"] = f"#milestone-{key}"
    return response


@journey.put("/roadmaps/<slug>/milestones/<key>/completion")
@permit("progress.write")
def complete(slug: str, key: str) -> BaseResponse:
    """Mark a milestone as done."""
    return _change_status(slug, key, progress.set_status, status="done")


@journey.delete("/roadmaps/<slug>/milestones/<key>/completion")
@permit("progress.write")
def uncomplete(slug: str, key: str) -> BaseResponse:
    """Mark a milestone as not started."""
    return _change_status(slug, key, progress.set_status, status="not_started")


@journey.put("/roadmaps/<slug>/milestones/<key>/status")
@permit("progress.write")
def set_status(slug: str, key: str) -> BaseResponse:
    """Set any status; not applicable needs a reason."""
    status = request.form.get("status", "")
    if status not in ("not_started", "in_progress", "done", "not_applicable"):
        abort(422)
    reason = ""
    if status == "not_applicable":
        form = ReasonForm()
        if not form.validate():
            found = progress_or_redirect(current_user, slug)
            page = render_milestone(found, milestone_or_404(found, key), reason=form)
            return _refusal_response(key, page, 422)
        reason = form.reason.data
    return _change_status(
        slug, key, progress.set_status, status=status, reason=reason, with_details=True
    )


@journey.delete("/roadmaps/<slug>/milestones/<key>/last-change")
@permit("progress.write")
def undo(slug: str, key: str) -> BaseResponse:
    """Restore the status before the last change, the one to `?status=`."""
    undone = request.args.get("status", "")
    return _change_status(slug, key, progress.undo_last_status, undone=undone)


@journey.put("/roadmaps/<slug>/milestones/<key>/plan")
@permit("progress.write")
def set_plan(slug: str, key: str) -> BaseResponse:
    """Save a private note and a target date; refuse a stale edit and show both versions."""
    found = progress_or_redirect(current_user, slug)
    milestone = milestone_or_404(found, key)
    saved = progress_queries.milestone_state(db.session, current_user.id, key)
    form = PlanForm(found.today, saved.target_on)
    if not form.validate():
        return _refusal_response(key, render_milestone(found, milestone, plan=form), 422)
    try:
        progress.set_plan(
            db.session,
            current_user.id,
            key,
            note=form.note.data or "",
            target_on=form.target_on.data,
            revision=form.revision,
            now=now(),
        )
    except StaleForm as stale:
        page = render_milestone(found, milestone, plan=form, conflict=stale.saved)
        return _refusal_response(key, page, 409)
    message = _("Note and date are saved.")
    if wants_fragment():
        fresh = load_enrolled_progress(db.session, current_user, found.enrolled, now=now())
        return _render_row(fresh, milestone, message, message_section="plan", with_details=True)
    flash(message)
    return see_other("journey.milestone_page", slug=slug, key=key)


@journey.put("/roadmaps/<slug>/milestones/<key>/evidence")
@permit("evidence.write")
def link_evidence(slug: str, key: str) -> BaseResponse:
    """Link one of the person's pieces of evidence to this milestone."""
    found = progress_or_redirect(current_user, slug)
    milestone = milestone_or_404(found, key)
    evidence_id = parse_uuid(request.form.get("evidence")) or abort(404)
    piece = load(db.session, current_user, "evidence.write", Evidence, evidence_id)
    message, category = _("Linked: %(title)s", title=piece.title), "message"
    try:
        evidence.link(db.session, piece, milestone.key, by=current_user, now=now())
    except InvalidInput:
        message = _("That piece is already linked to five milestones, the maximum.")
        category = "error"
    if wants_fragment():
        fresh = refresh_progress(db.session, current_user, found.enrolled, now=now())
        return _render_row(
            fresh,
            milestone,
            message,
            message_section="evidence",
            category=category,
            with_details=True,
        )
    flash(message, category)
    if row := roadmap_return_url(request.form.get("back"), key):
        return redirect(row, code=303)
    return see_other("journey.milestone_page", slug=slug, key=key)
