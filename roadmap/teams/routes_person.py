"""A person as their managers see them; people can see themselves in the same way."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_login import current_user

from roadmap.career.forms import level_labels
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.evidence import labels as evidence_labels
from roadmap.journey.presentation import RoadmapPresenter, StageView
from roadmap.people.models import Team, User
from roadmap.people.permissions import can, permit
from roadmap.people.queries import memberships
from roadmap.people.roles import Capability
from roadmap.readiness.presentation import (
    SourceLinks,
    explanation_context,
    own_links,
)
from roadmap.skills import gap_messages as skill_labels
from roadmap.skills.rules import SkillComparison
from roadmap.teams import routes_assessment
from roadmap.teams.blueprint import teams
from roadmap.teams.loaders import load_person
from roadmap.teams.matrix import INACTIVE_DAYS
from roadmap.teams.shared_profile import (
    NotEnrolled,
    SharedMilestone,
    SharedProfile,
    SharedProgress,
    load_shared_profile,
)

if TYPE_CHECKING:
    from roadmap.catalog.content import Skill

__all__ = ["person", "routes_assessment"]


@dataclass(frozen=True, slots=True)
class StageSection:
    """A stage that unfolds its milestones, by objective."""

    stage: StageView
    objectives: list[tuple[str, list[SharedMilestone]]]
    is_open: bool


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A skill with both assessments; `apart` is their gap in words where it is worth a talk."""

    skill: Skill
    standing: SkillComparison
    apart: str


@teams.get("/teams/<slug>/people/<uuid:person_id>")
@permit("person.read")
def person(slug: str, person_id: uuid.UUID) -> str:
    """Show what managers see of a person; `?roadmap=` chooses a roadmap, `?stage=` opens one."""
    team, who = load_person(current_user, "person.read", slug, person_id)
    try:
        shown = load_shared_profile(db.session, who, request.args.get("roadmap") or None, now=now())
    except NotEnrolled:
        abort(404)
    own = who.id == current_user.id
    path = f"/teams/{team.slug}/people/{who.id}"
    to = (
        own_links(shown.on.content.slug) if own and shown.on else _source_links(path, shown.on, who)
    )
    leads = can(current_user, "team.matrix", team)  # type: ignore[arg-type]
    return render_template(
        "teams/person.html",
        team=team,
        leads=leads,
        may_assess=current_user.has_over(Capability.ASSESS, who.id),
        nested=_nested_teams(team, who) if leads else (),
        who=who,
        own=own,
        path=path,
        seen=shown,
        still=shown.last_activity_on is not None
        and (shown.today - shown.last_activity_on).days >= INACTIVE_DAYS,
        roadmaps=_roadmap_tabs(path, shown),
        piece_url=to.piece,
        skills=_skill_rows(shown, who),
        labels=evidence_labels,
        levels=level_labels(),
        **(_progress_context(shown.on, to) if shown.on is not None else {}),
    )


def _nested_teams(team: Team, who: User) -> list[Team]:
    """Return the nested teams that the person is in; none where they are in this team."""
    led = current_user.teams(Capability.SEE_SHARED)
    own = [each for each, _role in memberships(db.session, who.id) if each.id in led]
    return [] if any(each.id == team.id for each in own) else own


def _source_links(path: str, on: SharedProgress | None, who: User) -> SourceLinks:
    """Build the addresses of the sources: the review of a piece, and places on this page."""
    skills = f"{path}/skills/" if current_user.has_over(Capability.ASSESS, who.id) else "#skill-"
    stage_of = {k: s.key for k, s in on.content.stage_of.items()} if on is not None else {}
    asked = {"roadmap": request.args["roadmap"]} if request.args.get("roadmap") else {}

    def stage(key: str) -> str:
        return f"{path}?{urlencode({**asked, 'stage': key})}#stage-{key}"

    return SourceLinks(
        piece=lambda key: f"/reviews/{key}",
        stage=stage,
        milestone=lambda key: stage(stage_of[key]),
        skill=lambda key: f"{skills}{key}",
        background="#background",
    )


def _roadmap_tabs(path: str, shown: SharedProfile) -> list[tuple[str, str, bool]]:
    """Return the roadmaps to choose from, where there are several."""
    if shown.on is None or len(shown.enrolled) < 2:
        return []
    return [
        (
            f"{path}?{urlencode({'roadmap': each.slug})}",
            each.title,
            each.slug == shown.on.enrolled.slug,
        )
        for each in shown.enrolled
    ]


def _progress_context(on: SharedProgress, to: SourceLinks) -> dict[str, Any]:
    """Return the score with its sources, and the stages."""
    pages, opened = RoadmapPresenter(on.way), request.args.get("stage")
    return {
        "roadmap": on.content,
        "enrolled": on.enrolled,
        "stages": [
            StageSection(
                pages.stage(stage, with_rows=False), on.objectives(stage), stage.key == opened
            )
            for stage in on.content.stages
        ],
        **explanation_context(on.found, to),
    }


def _skill_rows(shown: SharedProfile, who: User) -> list[SkillRow]:
    """Return each skill with both assessments, and their gap in words where it is worth a talk."""
    return [
        SkillRow(skill, standing, skill_labels.gap_message(standing, skill.title, who.name))
        for skill, standing in shown.skills
    ]
