"""Roadmap, stage, milestone, and the tick with its answer."""

from __future__ import annotations

import json
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from roadmap.catalog import queries as catalog
from roadmap.catalog.content import Milestone
from roadmap.core.database import db
from roadmap.core.language import date_filter
from roadmap.core.config import VERSION
from roadmap.core.web import keep, now, see_other, unchanged, wants_fragment
from roadmap.evidence.labels import kind_label
from roadmap.journey.facts import Standing, after_write, standing
from roadmap.journey.forms import EnrollmentForm, PlanForm, ReasonForm
from roadmap.journey.pages import SHAPES, Pages
from roadmap.journey.queries import linked_to
from roadmap.people.access import permit
from roadmap.progress import actions as progress
from roadmap.progress import queries as progress_queries
from roadmap.progress.actions import StaleEdit
from roadmap.readiness.actions import refresh

journey = Blueprint("journey", __name__)


def _standing(slug: str) -> Standing:
    """Where the actor stands on this roadmap. 404 where there is none; else to enrolling."""
    found = standing(db.session, current_user, slug, now=now())
    if found is None:
        if catalog.published(db.session, slug) is None:
            abort(404)
        abort(redirect(url_for("journey.roadmap_page", slug=slug), code=303))
    return found


def _milestone(found: Standing, key: str) -> Milestone:
    return found.published.content.by_key.get(key) or abort(404)


@journey.get("/roadmaps")
@permit("roadmap.read")
def roadmaps() -> str:
    """Every roadmap, and which of them the person is on."""
    mine = {each.slug: each for each in progress_queries.enrollments(db.session, current_user.id)}
    return render_template(
        "journey/roadmaps.html",
        roadmaps=[each.content for each in catalog.all_published(db.session)],
        mine=mine,
    )


@journey.get("/roadmaps/<slug>")
@permit("roadmap.read")
def roadmap_page(slug: str) -> Response | str:
    """The trail and the whole checklist; for someone not on it, what it is and how to begin."""
    found = standing(db.session, current_user, slug, now=now())
    if found is None:
        return _invitation(slug, EnrollmentForm(current_user.today(now())))
    key = f"roadmap:{slug}:{page_key(found)}"
    had_messages = "_flashes" in session
    if not had_messages and (same := unchanged(key)):
        return same
    pages = Pages(found)
    stages = [pages.stage(stage, with_rows=True) for stage in found.published.content.stages]
    page = render_template(
        "journey/roadmap.html",
        **pages.reading(),
        trail=pages.trail(stages),
        stages=stages,
        path=pages.path,
        enrolled=found.enrolled,
        is_empty=not found.data["tones"],
    )
    response = make_response(page)
    # A page that carries a message is shown once and not kept.
    return response if had_messages else keep(response, key)


def page_key(found: Standing) -> str:
    """Everything that a page of one's own way is made from, but the address."""
    actor = current_user
    return ":".join(
        str(part)
        for part in (
            actor.id,
            actor.session_id,
            actor.version,
            actor.locale,
            actor.theme,
            found.today,
            found.published.revision_id,
            VERSION,
        )
    )


def _invitation(slug: str, form: EnrollmentForm) -> str:
    published = catalog.published(db.session, slug) or abort(404)
    return render_template("journey/invitation.html", roadmap=published.content, form=form)


@journey.route("/roadmaps/<slug>/enrollment", methods=["GET"])
@permit("enrollment.read")
def enrollment(slug: str) -> str:
    found = _standing(slug)
    form = EnrollmentForm(
        found.today,
        data={
            "target_on": found.enrolled.target_on,
            "hours_per_week": found.enrolled.hours_per_week,
        },
    )
    return render_template(
        "journey/enrollment.html", roadmap=found.published.content, form=form, found=found
    )


@journey.route("/roadmaps/<slug>/enrollment", methods=["PUT", "POST"])
@permit("enrollment.write")
def enroll(slug: str) -> BaseResponse | tuple[str, int]:
    """Begins a roadmap, or changes its target date and pace."""
    published = catalog.published(db.session, slug) or abort(404)
    today = current_user.today(now())
    before = progress_queries.enrollment(db.session, current_user.id, slug)
    form = EnrollmentForm(today)
    if not form.validate_on_submit():
        if before is None:
            return _invitation(slug, form), 422
        page = render_template("journey/enrollment.html", roadmap=published.content, form=form)
        return page, 422
    progress.enroll(
        db.session,
        current_user.id,
        published.roadmap_id,
        target_on=form.target_on.data,
        hours_per_week=form.hours_per_week.data,
        started_on=None if before else today,
        by=current_user.id,
        now=now(),
    )
    if before is None:
        flash(_("You are on your way. Tick what you have done already, then choose a next step."))
    else:
        flash(_("Target date and pace are saved."))
    return see_other("journey.roadmap_page", slug=slug)


@journey.get("/roadmaps/<slug>/<stage_key>")
@permit("progress.read")
def stage_page(slug: str, stage_key: str) -> str:
    """One stage by itself, with its summary and its neighbours."""
    found = _standing(slug)
    content = found.published.content
    stage = content.stage_by_key.get(stage_key) or abort(404)
    pages = Pages(found)
    place = content.stages.index(stage)
    return render_template(
        "journey/stage.html",
        roadmap=content,
        stage=pages.stage(stage, with_rows=True),
        path=pages.path,
        previous=content.stages[place - 1] if place else None,
        next=content.stages[place + 1] if place + 1 < len(content.stages) else None,
    )


@journey.get("/roadmaps/<slug>/milestones/<key>")
@permit("progress.read")
def milestone_page(slug: str, key: str) -> str:
    """A milestone with all that is known of it: a page, or the part that a row unfolds."""
    found = _standing(slug)
    return _milestone_answer(found, _milestone(found, key))


def _milestone_answer(
    found: Standing,
    milestone: Milestone,
    *,
    plan: PlanForm | None = None,
    reason: ReasonForm | None = None,
    conflict: Any = None,
) -> str:
    content = found.published.content
    state = progress_queries.state(db.session, current_user.id, milestone.key)
    template = "journey/_milestone_details.html" if wants_fragment() else "journey/milestone.html"
    return render_template(
        template,
        roadmap=content,
        stage=content.stage_by_key[milestone.stage_key],
        objective=next(
            o
            for o in content.stage_by_key[milestone.stage_key].objectives
            if o.key == milestone.objective_key
        ),
        own=True,
        m=_details(found, milestone, state),
        plan=plan,
        reason_form=reason,
        conflict=conflict,
    )


def _details(
    found: Standing, milestone: Milestone, state: progress_queries.State
) -> dict[str, Any]:
    content = found.published.content
    path = f"/roadmaps/{content.slug}/milestones/"
    return {
        "key": milestone.key,
        "title": milestone.title,
        "state": found.tone(milestone.key),
        "shape": SHAPES[found.tone(milestone.key)],
        "status": state.status,
        "url": path + milestone.key,
        "done_when": milestone.done_when,
        "why": milestone.why,
        "hours": _("%(hours)d h", hours=milestone.hours),
        "months": milestone.months,
        "required": milestone.required,
        "skills": [
            (content.skill_by_key[key].title, f"/skills/{key}")
            for key in milestone.skills
            if key in content.skill_by_key
        ],
        "kinds": [kind_label(kind) for kind in milestone.evidence],
        "resources": [(r.title, r.by, r.url) for r in milestone.resources],
        "after": [(content.by_key[key].title, path + key) for key in milestone.after],
        "note": state.note,
        "note_version": state.revision,
        "reason": state.reason,
        "since": state.since,
        "target_on": state.target_on,
        "evidence": [
            (
                piece.title,
                f"/evidence/{piece.id}",
                piece.tone,
                f"{kind_label(piece.kind)}, {date_filter(piece.occurred_on)}",
                piece.lapsed,
            )
            for piece in linked_to(
                db.session, current_user.id, milestone.key, milestone.evidence, found.today
            )
        ],
        "add_href": f"/evidence/new?milestone={milestone.key}",
        "link_href": f"/evidence?link={milestone.key}",
    }


def _write_status(slug: str, key: str, status: str, reason: str = "") -> BaseResponse:
    """Sets a status and answers with what that changes on the page, and nothing else."""
    enrolled = progress_queries.enrollment(db.session, current_user.id, slug) or abort(404)
    published = catalog.at_revision(db.session, enrolled.revision_id)
    milestone = published.content.by_key.get(key) or abort(404)
    progress.set_status(
        db.session, current_user.id, key, status, reason=reason, by=current_user.id, now=now()
    )
    return _answer(published, enrolled, milestone)


def _answer(published: Any, enrolled: Any, milestone: Milestone) -> BaseResponse:
    refreshed = refresh(db.session, current_user.id, now=now())
    found = after_write(refreshed, enrolled, published, current_user, now())
    pages = Pages(found)
    said = _(
        "%(title)s: %(state)s",
        title=milestone.title,
        state=pages.words[SHAPES[found.tone(milestone.key)]].lower(),
    )
    slug = published.content.slug
    if not wants_fragment():
        flash(Markup(render_template("journey/_undo.html", said=said, slug=slug, m=milestone)))
        target = request.form.get("back", "")
        if target == "page":
            return see_other("journey.milestone_page", slug=slug, key=milestone.key)
        return see_other("journey.roadmap_page", slug=slug, _anchor=f"m-{milestone.key}")
    stage = published.content.stage_by_key[milestone.stage_key]
    view = pages.stage(stage, with_rows=False)
    response = make_response(
        render_template(
            "journey/_tick.html",
            **pages.reading(),
            stage=view,
            stone=pages.stone(stage, milestone.key, view.facts),
            path=pages.path,
            rows=[pages.row(milestone.key, milestone.title, milestone.hours)],
            said=said,
            m=milestone,
            slug=slug,
        )
    )
    response.headers["HX-Trigger"] = json.dumps({"announce": said})
    return response


@journey.put("/roadmaps/<slug>/milestones/<key>/completion")
@permit("progress.write")
def complete(slug: str, key: str) -> BaseResponse:
    return _write_status(slug, key, "done")


@journey.delete("/roadmaps/<slug>/milestones/<key>/completion")
@permit("progress.write")
def uncomplete(slug: str, key: str) -> BaseResponse:
    return _write_status(slug, key, "not_started")


@journey.put("/roadmaps/<slug>/milestones/<key>/status")
@permit("progress.write")
def set_status(slug: str, key: str) -> BaseResponse | tuple[str, int]:
    """Any status; not applicable needs its reason."""
    status = request.form.get("status", "")
    if status not in ("not_started", "in_progress", "done", "not_applicable"):
        abort(422)
    if status == "not_applicable":
        form = ReasonForm()
        if not form.validate():
            found = _standing(slug)
            return _milestone_answer(found, _milestone(found, key), reason=form), 422
        return _write_status(slug, key, status, form.reason.data)
    return _write_status(slug, key, status)


@journey.delete("/roadmaps/<slug>/milestones/<key>/last-change")
@permit("progress.write")
def undo(slug: str, key: str) -> BaseResponse:
    """Puts back the status before the last change."""
    enrolled = progress_queries.enrollment(db.session, current_user.id, slug) or abort(404)
    published = catalog.at_revision(db.session, enrolled.revision_id)
    milestone = published.content.by_key.get(key) or abort(404)
    progress.undo_last_status(db.session, current_user.id, key, by=current_user.id, now=now())
    return _answer(published, enrolled, milestone)


@journey.put("/roadmaps/<slug>/milestones/<key>/plan")
@permit("progress.write")
def set_plan(slug: str, key: str) -> BaseResponse | tuple[str, int]:
    """Keeps a private note and a target date; a stale edit is refused with both versions shown."""
    found = _standing(slug)
    milestone = _milestone(found, key)
    form = PlanForm()
    if not form.validate():
        return _milestone_answer(found, milestone, plan=form), 422
    try:
        progress.set_plan(
            db.session,
            current_user.id,
            key,
            note=form.note.data or "",
            target_on=form.target_on.data,
            revision=form.revision,
            by=current_user.id,
            now=now(),
        )
    except StaleEdit as stale:
        page = _milestone_answer(found, milestone, plan=form, conflict=stale.current)
        return page, 409
    said = _("Note and date are saved.")
    if wants_fragment():
        refreshed = refresh(db.session, current_user.id, now=now())
        fresh = after_write(refreshed, found.enrolled, found.published, current_user, now())
        response = make_response(_milestone_answer(fresh, milestone))
        response.headers["HX-Trigger"] = json.dumps({"announce": said})
        return response
    flash(said)
    return see_other("journey.milestone_page", slug=slug, key=key)
