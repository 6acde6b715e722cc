"""The pages of a roadmap and its stages, and enrollment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, abort, flash, make_response, render_template, request, session
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from roadmap.career_plans.queries import Worksheet, decided_worksheets
from roadmap.catalog import queries as catalog
from roadmap.core import svg
from roadmap.core.config import VERSION
from roadmap.core.database import db
from roadmap.core.i18n import _, ngettext
from roadmap.core.web import (
    add_revalidation_headers,
    not_modified_response,
    now,
    render_page,
    see_other,
    wants_fragment,
)
from roadmap.journey import routes_calibration, routes_completion, routes_milestone
from roadmap.journey.blueprint import journey, progress_or_redirect, stage_or_404
from roadmap.journey.checklist_filter import OPEN, ChecklistFilter
from roadmap.journey.comparison import compare_roadmap
from roadmap.journey.forms import EnrollmentForm, ReasonForm
from roadmap.journey.presentation import RoadmapPresenter
from roadmap.journey.roadmap_progress import RoadmapProgress, load_enrolled_progress, load_progress
from roadmap.journey.routes_milestone import render_captured_details
from roadmap.people.actor import Actor
from roadmap.people.permissions import find_invitable_team, permit
from roadmap.people.reach import load_holders
from roadmap.people.roles import Capability
from roadmap.progress import actions as progress
from roadmap.progress import queries as progress_queries
from roadmap.readiness.presentation import verdict_title
from roadmap.readiness.queries import person_record

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Stage

__all__ = ["journey", "routes_calibration", "routes_completion", "routes_milestone"]


@journey.get("/roadmaps")
@permit("roadmap.read")
def roadmaps() -> BaseResponse | str:
    """Compare the roadmaps for the person, or redirect if there is only one to choose."""
    mine = {each.slug: each for each in progress_queries.enrollments(db.session, current_user.id)}
    found = [each.content for each in catalog.published_roadmaps(db.session)]
    if "all" not in request.args:
        only = list(mine) if len(mine) == 1 else [each.slug for each in found] * (not mine)
        if len(only) == 1:
            return see_other("journey.roadmap_page", slug=only[0])
    record = person_record(db.session, current_user.id)
    facts, today = record.own, record.today(now())
    return render_template(
        "journey/roadmaps.html",
        comparisons=[
            compare_roadmap(
                each,
                [other for other in found if other is not each],
                mine.get(each.slug),
                facts,
                today,
            )
            for each in found
        ],
        verdict_title=verdict_title,
    )


@journey.get("/roadmaps/<slug>")
@permit("roadmap.read")
def roadmap_page(slug: str) -> Response | str:
    """Show the trail and the checklist, or an introduction if the person is not enrolled."""
    actor: Actor = current_user._get_current_object()
    folded = folded_stages(actor)
    # A URL has a page and a fragment and may have a filter; the folded stages are in a cookie.
    shown = (wants_fragment(), request.query_string, *sorted(folded))
    key = f"roadmap:{slug}:{shown}:{page_key(actor)}"
    # A page with a flash message must not be cached. An expanded milestone depends on more than
    # the key covers, such as witnesses.
    is_uncacheable = "_flashes" in session or "captured" in request.args
    if not is_uncacheable and (same := not_modified_response(key)):
        return same
    enrolled = progress_queries.enrollment(db.session, actor.id, slug)
    if enrolled is None:
        published = catalog.published_roadmap(db.session, slug) or abort(404)
        form = EnrollmentForm(actor.today(now()))
        return _render_not_enrolled(published.content, form)
    found = load_enrolled_progress(db.session, actor, enrolled, now=now())
    content = found.published.content
    pages = RoadmapPresenter(found)
    checklist_filter = read_filter(content)
    stages = [
        pages.stage(stage, with_rows=True, checklist_filter=checklist_filter)
        for stage in content.stages
    ]
    cairns = pages.cairns(stages)
    context = {
        **pages.filter_context(checklist_filter),
        "roadmap": content,
        "stages": stages,
        "trail": pages.trail(cairns, checklist_filter.trail_base),
        # Saving evidence leads back to its row, which must be visible even in a folded stage.
        "folded": frozenset() if checklist_filter or checklist_filter.captured else folded,
    }
    if wants_fragment():
        return add_revalidation_headers(_render_filtered(context), key)
    page = render_template(
        "journey/roadmap.html",
        **context,
        **pages.score_context(),
        role_fit=catalog.role_fit(slug),
        compact_trail=svg.render_compact_trail(cairns),
        unfolded=render_captured_details(found),
        is_empty=not found.data["tones"],
    )
    response = make_response(page)
    return response if is_uncacheable else add_revalidation_headers(response, key)


def _render_filtered(context: dict[str, Any]) -> Response:
    """Render the filtered rows and announce their number."""
    count = sum(len(rows) for stage in context["stages"] for _title, rows in stage.objectives)
    announcement = ngettext("%(num)d milestone", "%(num)d milestones", count)
    return render_page("journey/_filtered.html", announce=announcement, **context)


def _render_not_enrolled(content: Content, form: EnrollmentForm) -> str:
    fit = catalog.role_fit(content.slug)
    return render_template("journey/not_enrolled.html", roadmap=content, form=form, fit=fit)


@journey.get("/roadmaps/<slug>/about")
@permit("roadmap.read")
def about(slug: str) -> str:
    """Show whom the role suits."""
    published = catalog.published_roadmap(db.session, slug) or abort(404)
    fit = catalog.role_fit(slug) or abort(404)
    return render_template("journey/about.html", roadmap=published.content, fit=fit)


def read_filter(content: Content) -> ChecklistFilter:
    """Read the filter from the request."""
    return ChecklistFilter.from_query(request.path, request.args, content.skill_by_key)


def folded_stages(actor: Actor) -> frozenset[str]:
    """Return the stages that the person folded on this roadmap.

    The script stores them in a cookie for the path of the roadmap: the user id, then stage keys.
    """
    person, *stages = request.cookies.get("folded", "").split(".")
    return frozenset(stages) if person == str(actor.id) else frozenset()


def page_key(actor: Actor) -> str:
    """Return everything that a page about the actor depends on, except its URL.

    The actor's version changes with each of their facts, and with each new revision of a roadmap in
    which they are enrolled.
    """
    session_and_facts = (actor.id, actor.session_id, actor.version, actor.unread)
    presentation = (actor.locale, actor.theme, actor.team_roles, actor.today(now()), VERSION)
    return ":".join(str(part) for part in session_and_facts + presentation)


@journey.get("/roadmaps/<slug>/enrollment")
@permit("enrollment.read")
def enrollment(slug: str) -> str:
    found = progress_or_redirect(current_user, slug)
    form = EnrollmentForm(found.today, obj=found.enrolled)
    return render_template("journey/enrollment.html", roadmap=found.published.content, form=form)


@journey.route("/roadmaps/<slug>/enrollment", methods=["PUT", "POST"])
@permit("enrollment.write")
def enroll(slug: str) -> BaseResponse | tuple[str, int]:
    """Enroll in a roadmap, or change its target date and pace."""
    published = catalog.published_roadmap(db.session, slug) or abort(404)
    today = current_user.today(now())
    before = progress_queries.enrollment(db.session, current_user.id, slug)
    form = EnrollmentForm(today, before.target_on if before else None)
    if not form.validate_on_submit():
        if before is None:
            return _render_not_enrolled(published.content, form), 422
        return render_template("journey/enrollment.html", roadmap=published.content, form=form), 422
    progress.enroll(
        db.session,
        current_user.id,
        published.roadmap_id,
        target_on=form.target_on.data,
        hours_per_week=form.hours_per_week.data,
        now=now(),
    )
    if before is None:
        return see_other("journey.calibration", slug=slug)
    flash(_("Target date and pace are saved."))
    return see_other("journey.roadmap_page", slug=slug)


@journey.delete("/roadmaps/<slug>/enrollment")
@permit("enrollment.write")
def leave(slug: str) -> BaseResponse:
    """Leave a roadmap; statuses and evidence are kept."""
    published = catalog.published_roadmap(db.session, slug) or abort(404)
    if progress.leave(db.session, current_user.id, published.roadmap_id, now=now()):
        title = published.content.title
        flash(_("You have left “%(roadmap)s”. Your ticks and evidence are kept.", roadmap=title))
    return see_other("journey.roadmaps", all="")


@journey.put("/roadmaps/<slug>/primary")
@permit("enrollment.write")
def make_primary(slug: str) -> BaseResponse:
    """Make a roadmap the primary one, which other pages show by default."""
    published = catalog.published_roadmap(db.session, slug) or abort(404)
    if not progress.make_primary(db.session, current_user.id, published.roadmap_id, now=now()):
        return see_other("journey.roadmap_page", slug=slug)
    flash(_("“%(roadmap)s” is now your primary roadmap.", roadmap=published.content.title))
    return see_other("journey.roadmaps", all="")


@journey.get("/roadmaps/<slug>/<stage_key>")
@permit("progress.read")
def stage_page(slug: str, stage_key: str) -> Response | str:
    """Show one stage with links to its neighbours; a preview before enrollment."""
    found = load_progress(db.session, current_user, slug, now=now())
    if found is None:
        return _render_preview(slug, stage_key)
    stage = stage_or_404(found, stage_key)
    decided = _decided_worksheets(stage)
    wanted = request.args.get("worksheet")
    reason = next((each.outcome for each in decided if each.option.key == wanted), "")
    form = ReasonForm(formdata=None, data={"reason": reason})
    if wants_fragment():
        checklist_filter, pages = read_filter(found.published.content), RoadmapPresenter(found)
        return _render_filtered(_stage_context(pages, stage, checklist_filter))
    return _render_stage(found, stage, form, decided)


@journey.put("/roadmaps/<slug>/<stage_key>/not-applicable")
@permit("progress.write")
def set_aside(slug: str, stage_key: str) -> BaseResponse | tuple[str, int]:
    """Mark every open milestone of an optional stage as not applicable."""
    found = progress_or_redirect(current_user, slug)
    stage = _optional_stage_or_404(found, stage_key)
    form = ReasonForm()
    if not form.validate():
        return _render_stage(found, stage, form, _decided_worksheets(stage)), 422
    changed = progress.mark_not_applicable(
        db.session,
        current_user.id,
        [each.key for each in stage.milestones],
        reason=form.reason.data,
        now=now(),
    )
    message = ngettext(
        "%(num)d milestone of “%(stage)s” is marked as not applicable.",
        "%(num)d milestones of “%(stage)s” are marked as not applicable.",
        len(changed),
        stage=stage.title,
    )
    message = render_template(
        "journey/_stage_undo.html", message=message, slug=slug, stage=stage, keys=changed
    )
    flash(Markup(message))  # noqa: S704 - the template escapes
    return see_other("journey.stage_page", slug=slug, stage_key=stage_key)


@journey.delete("/roadmaps/<slug>/<stage_key>/not-applicable")
@permit("progress.write")
def restore_statuses(slug: str, stage_key: str) -> BaseResponse:
    """Restore the previous status of the given milestones of a stage."""
    found = progress_or_redirect(current_user, slug)
    stage = _optional_stage_or_404(found, stage_key)
    wanted = request.form.get("milestones", "").split()
    changed = progress.undo_not_applicable(
        db.session,
        current_user.id,
        [each.key for each in stage.milestones if each.key in wanted],
        now=now(),
    )
    flash(
        ngettext(
            "%(num)d milestone of “%(stage)s” has its previous status again.",
            "%(num)d milestones of “%(stage)s” have their previous status again.",
            len(changed),
            stage=stage.title,
        )
    )
    return see_other("journey.stage_page", slug=slug, stage_key=stage_key)


def _optional_stage_or_404(found: RoadmapProgress, key: str) -> Stage:
    stage = stage_or_404(found, key)
    return abort(404) if stage.required else stage


def _decided_worksheets(stage: Stage) -> list[Worksheet]:
    """Load the person's worksheets whose outcome can explain why a stage is not applicable."""
    keys = [] if stage.required else [milestone.key for milestone in stage.milestones]
    return decided_worksheets(db.session, current_user.id, keys)


def _render_preview(slug: str, stage_key: str) -> str:
    published = catalog.published_roadmap(db.session, slug) or abort(404)
    stage = published.content.stage_by_key.get(stage_key) or abort(404)
    return render_template(
        "journey/stage_preview.html",
        roadmap=published.content,
        stage=stage,
        form=EnrollmentForm(current_user.today(now())),
    )


def _stage_context(
    pages: RoadmapPresenter, stage: Stage, checklist_filter: ChecklistFilter
) -> dict[str, Any]:
    view = pages.stage(stage, with_rows=True, checklist_filter=checklist_filter)
    return {
        **pages.filter_context(checklist_filter, stage),
        "roadmap": pages.content,
        "stage": stage,
        "view": view,
        "stages": [view],
        "alone": True,
    }


def _render_stage(
    found: RoadmapProgress, stage: Stage, reason: ReasonForm, decided: list[Worksheet]
) -> str:
    content = found.published.content
    pages = RoadmapPresenter(found)
    gates = [
        gate
        for gate in content.policy.gates
        if gate.key in found.data["standing"] and getattr(gate, "stage", "") == stage.key
    ]
    if gates and load_holders(db.session, current_user.id, Capability.REVIEW):
        gates = []
    place = content.stages.index(stage)
    keys = [each.key for each in stage.milestones]
    all_stages = [pages.stage(each, with_rows=False) for each in content.stages]
    trail = svg.render_compact_trail(
        pages.cairns(all_stages), f"/roadmaps/{content.slug}", reuses_trail=False
    )
    return render_template(
        "journey/stage.html",
        **pages.score_context(),
        **_stage_context(pages, stage, read_filter(content)),
        compact_trail=trail,
        unfolded=render_captured_details(found),
        unreachable_gates=gates,
        own_team=find_invitable_team(db.session, current_user) if gates else None,
        reason_form=reason,
        worksheets=decided,
        open=any(pages.tones[key] in OPEN for key in keys),
        not_applicable=[key for key in keys if pages.tones[key] == "not_applicable"],
        previous=content.stages[place - 1] if place else None,
        next=content.stages[place + 1] if place + 1 < len(content.stages) else None,
    )
