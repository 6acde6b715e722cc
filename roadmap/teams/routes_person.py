"""The profile of a person for their managers, and a manager's assessment of their skills.

People can see their own profile too.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from flask import abort, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from roadmap.activity.list_query import MAX_DAY_LENGTH, parse_day, start_of_day
from roadmap.career.forms import level_labels
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.text import clean_line
from roadmap.core.web import (
    form_key,
    htmx,
    now,
    page_number,
    render_page,
    see_other,
    wants_fragment,
)
from roadmap.evidence import labels as evidence_labels
from roadmap.evidence.queries import count_never_reviewed, load_reviews
from roadmap.journey.presentation import RoadmapPresenter
from roadmap.people.models import Team, User
from roadmap.people.permissions import can, permit
from roadmap.people.queries import memberships
from roadmap.people.roles import Capability
from roadmap.readiness.presentation import SourceLinks, explanation_context, own_links
from roadmap.readiness.tally import TONES
from roadmap.skills import actions, queries
from roadmap.skills.forms import OtherAssessmentForm
from roadmap.skills.gap_messages import gap_message
from roadmap.teams.blueprint import teams
from roadmap.teams.loaders import load_person
from roadmap.teams.matrix import INACTIVE_DAYS, PersonLinks, percent
from roadmap.teams.shared_changes import list_changes
from roadmap.teams.shared_profile import (
    SharedProfile,
    SharedProgress,
    compare_skill,
    load_shared_profile,
)

if TYPE_CHECKING:
    from roadmap.catalog.content import Skill

PER_PAGE = 50
# Limits the size of the page. Milestones link to the evidence beyond the limit.
MAX_PIECES_SHOWN = 100
MAX_CHANGES_SHOWN = 200


@teams.get("/teams/<slug>/people/<uuid:person_id>")
@permit("person.read")
def person(slug: str, person_id: uuid.UUID) -> str:
    """Show the profile of a person.

    `?roadmap=` selects a roadmap, `?stage=` opens a stage, `?since=` lists changes since a day.
    """
    team, user = load_person(current_user, "person.read", slug, person_id)
    roadmap = request.args.get("roadmap", "")
    profile = load_shared_profile(db.session, user, roadmap, now=now())
    own, shared_progress = user.id == current_user.id, profile.shared_progress
    path = _person_path(team, user)
    if roadmap and (shared_progress is None or shared_progress.enrolled.slug != roadmap):
        abort(404)
    links = (
        own_links(shared_progress.content.slug)
        if own and shared_progress
        else _source_links(path, shared_progress, user, roadmap)
    )
    leads = can(current_user, "team.matrix", team)
    nested = _nested_teams(team, user) if leads else []
    return render_template(
        "teams/person.html",
        team=team,
        leads=leads,
        may_assess=current_user.has_capability_over(Capability.ASSESS, user.id),
        unjudged=count_never_reviewed(db.session, user.id)
        if current_user.has_capability_over(Capability.REVIEW, user.id)
        else 0,
        nested=nested,
        sees_several=leads and len(current_user.teams(Capability.SEE_SHARED)) > 1,
        member_of=next((each for each in nested or [team] if _may_manage_member(each, user)), None),
        user=user,
        own=own,
        path=path,
        profile=profile,
        pieces=profile.pieces[:MAX_PIECES_SHOWN],
        is_inactive=profile.last_activity_on is not None
        and (profile.today - profile.last_activity_on).days >= INACTIVE_DAYS,
        roadmaps=[
            (
                PersonLinks(path, each.slug).overview(),
                each.title,
                each.slug == shared_progress.enrolled.slug,
            )
            for each in profile.enrolled
        ]
        if shared_progress is not None and len(profile.enrolled) > 1
        else [],
        piece_url=links.piece,
        skills=[
            (skill, comparison, gap_message(comparison, skill.title, user.name))
            for skill, comparison in profile.skills
        ],
        labels=evidence_labels,
        levels=level_labels(),
        **(_progress_context(shared_progress, links) if shared_progress is not None else {}),
        **_changes_context(profile, links),
    )


def _changes_context(profile: SharedProfile, links: SourceLinks) -> dict[str, Any]:
    """Load the changes since the day in the URL, if any, in one statement."""
    text, wrong = request.args.get("since", ""), ""
    today = current_user.today(now())
    month_ago = today - dt.timedelta(days=30)
    context: dict[str, Any] = {"month_ago": month_ago, "since": None}
    if not text:
        return context
    try:
        day = parse_day(clean_line(text)) or month_ago
    except ValueError:
        day, wrong = month_ago, clean_line(text)[:MAX_DAY_LENGTH]
    reviews = load_reviews(db.session, [piece.id for piece in profile.pieces])
    changes = list_changes(
        profile, reviews, start_of_day(day, current_user.zone), piece_url=links.piece
    )
    return context | {
        "since": day,
        "wrong_since": wrong,
        "changes": changes[:MAX_CHANGES_SHOWN],
        "more_changes": len(changes) > MAX_CHANGES_SHOWN,
        "asked_roadmap": request.args.get("roadmap", ""),
    }


def _person_path(team: Team, user: User) -> str:
    return f"/teams/{team.slug}/people/{user.id}"


def _may_manage_member(team: Team, user: User) -> bool:
    return user.id != current_user.id and current_user.has_capability_in(
        Capability.MANAGE_TEAM, team.id
    )


def _nested_teams(team: Team, user: User) -> list[Team]:
    """Return the nested teams that the person is in; empty if they are in this team."""
    led = current_user.teams(Capability.SEE_SHARED)
    own = [each for each, _role in memberships(db.session, user.id) if each.id in led]
    return [] if any(each.id == team.id for each in own) else own


def _source_links(
    path: str, shared_progress: SharedProgress | None, user: User, roadmap: str
) -> SourceLinks:
    """Build the links to sources: reviews of evidence, and anchors on this page.

    `roadmap` is the slug in the URL, if any.
    """
    may_assess = current_user.has_capability_over(Capability.ASSESS, user.id)
    links = PersonLinks(path, quote(roadmap), may_assess)
    stage_of = shared_progress.content.stage_of if shared_progress is not None else {}
    return SourceLinks(
        piece=lambda key: f"/reviews/{key}",
        stage=links.stage,
        milestone=lambda key: links.stage(stage_of[key].key),
        skill=links.skill if may_assess else "#skill-{}".format,
        background="#background",
    )


def _progress_context(shared_progress: SharedProgress, links: SourceLinks) -> dict[str, Any]:
    """Return the score with its sources, and the stages with their milestones by objective.

    Stages have the same figures as in the matrix.
    """
    pages, opened = RoadmapPresenter(shared_progress.progress), request.args.get("stage")
    efforts = shared_progress.progress.data["stages"]
    return {
        "roadmap": shared_progress.content,
        "enrolled": shared_progress.enrolled,
        "stages": [
            (
                pages.stage(stage, with_rows=False),
                stage.key == opened,
                {
                    "hours": efforts[stage.key]["hours"],
                    **{tone: percent(efforts[stage.key][tone]) for tone in TONES},
                },
            )
            for stage in shared_progress.content.stages
        ],
        "milestones": shared_progress.milestones,
        **explanation_context(shared_progress.readiness, links),
    }


@teams.get("/teams/<slug>/people/<uuid:person_id>/skills/<key>")
@permit("person.assess")
def skill(slug: str, person_id: uuid.UUID, key: str) -> str:
    """Show the described levels of a skill; for htmx, as the expanded row of the table."""
    team, user = load_person(current_user, "person.assess", slug, person_id)
    return _render_skill(team, user, _load_skill(user, key))


@teams.post("/teams/<slug>/people/<uuid:person_id>/skills/<key>/assessments")
@permit("person.assess")
def assess(slug: str, person_id: uuid.UUID, key: str) -> BaseResponse:
    """Record a manager's assessment; htmx gets the updated row and readiness."""
    team, user = load_person(current_user, "person.assess", slug, person_id)
    assessed_skill, form = _load_skill(user, key), OtherAssessmentForm()
    if not form.validate_on_submit():
        return make_response(_render_skill(team, user, assessed_skill, form), 422)
    level, comment = form.chosen, form.comment.data
    try:
        actions.assess_other(
            db.session, user.id, key, level, comment, by=current_user, now=now(), key=form_key()
        )
    except actions.NotEntitled:
        # The actor stopped managing this person after the check above.
        abort(404)
    if not wants_fragment():
        return see_other(
            "teams.skill",
            slug=slug,
            person_id=user.id,
            key=key,
            roadmap=request.args.get("roadmap") or None,
            _anchor="history",
        )
    comparison = compare_skill(db.session, user.id, assessed_skill)
    announcement = _(
        "%(name)s, %(skill)s: level %(level)d saved.",
        name=user.name,
        skill=assessed_skill.title,
        level=level,
    )
    path, roadmap = _person_path(team, user), _roadmap_on_page()
    profile = load_shared_profile(db.session, user, roadmap, now=now())
    return render_page(
        "teams/_assessment_saved.html",
        announce=announcement,
        skill=assessed_skill,
        comparison=comparison,
        apart=gap_message(comparison, assessed_skill.title, user.name),
        path=path,
        user=user,
        own=False,
        saved=True,
        may_assess=True,
        profile=profile,
        **(
            _progress_context(
                profile.shared_progress, _source_links(path, profile.shared_progress, user, roadmap)
            )
            if profile.shared_progress is not None
            else {}
        ),
    )


def _roadmap_on_page() -> str:
    """Return the roadmap selected on the page that sent the htmx request, if any."""
    return parse_qs(urlsplit(htmx.current_url or "").query).get("roadmap", [""])[0]


def _load_skill(user: User, key: str) -> Skill:
    """Load a skill with the bar of the selected roadmap, or of the primary one."""
    slug = request.args.get("roadmap") or _roadmap_on_page()
    return queries.known_skills(db.session, user.id, slug=slug).get(key) or abort(404)


def _render_skill(
    team: Team, user: User, assessed_skill: Skill, form: OtherAssessmentForm | None = None
) -> str:
    """Render the page of a skill, or its expanded row for htmx."""
    comparison = compare_skill(db.session, user.id, assessed_skill)
    level = {"level": str(comparison.other.level)} if comparison.other else None
    context = {
        "skill": assessed_skill,
        "comparison": comparison,
        "form": form or OtherAssessmentForm(data=level),
        "user": user,
        "path": _person_path(team, user),
        "legend": _("%(skill)s: the level of %(name)s", skill=assessed_skill.title, name=user.name),
        "help": _(
            "Choose the highest level you have seen in full, at least twice, within 24 months."
        ),
        "said": [(comparison.own, user.name)] if comparison.own else [],
    }
    if wants_fragment():
        return render_template("teams/_open_skill_row.html", **context)
    page, roadmap = page_number(), request.args.get("roadmap", "")
    entries = queries.history(
        db.session,
        user.id,
        assessed_skill.key,
        side="manager",
        limit=PER_PAGE + 1,
        offset=(page - 1) * PER_PAGE,
    )
    return render_template(
        "teams/skill.html",
        **context,
        team=team,
        asked=f"?roadmap={quote(roadmap)}" if roadmap else "",
        today=current_user.today(now()),
        apart=gap_message(comparison, assessed_skill.title, user.name),
        entries=entries[:PER_PAGE],
        page=page,
        more=len(entries) > PER_PAGE,
    )
