"""The profile of a person for their managers, based only on facts that the person shares.

Drafts, private evidence and notes do not affect it. Reasons and target dates are only included if
the person shares them. The number of statements does not depend on the amount of data.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.career import queries as career
from roadmap.career.models import Degree, Position
from roadmap.catalog.queries import load_revision
from roadmap.evidence.item import Item
from roadmap.evidence.queries import load_reviewers
from roadmap.journey.roadmap_progress import RoadmapProgress
from roadmap.people.models import User
from roadmap.progress.queries import (
    NOT_STARTED,
    EnrolledRoadmap,
    enrollments,
    milestone_states,
)
from roadmap.readiness.explanation import Readiness, explain
from roadmap.readiness.queries import PersonRecord, person_record
from roadmap.readiness.summary import summarize
from roadmap.readiness.tally import Tally
from roadmap.skills import queries as skills
from roadmap.skills.rules import SkillComparison

if TYPE_CHECKING:
    from roadmap.catalog.content import Content, Milestone, Skill


@dataclass(frozen=True, slots=True)
class SharedMilestone:
    """A milestone of a person: tone or status, its date, and the shared evidence.

    `reason` and `target_on` are empty if the person does not share them. `pieces` are pairs of a
    piece of evidence and its effect on this milestone: verified, evidenced or lapsed.
    """

    milestone: Milestone
    tone: str
    since: dt.datetime | None
    reason: str
    target_on: dt.date | None
    pieces: list[tuple[Item, str]]


@dataclass(frozen=True)
class SharedProgress:
    """A person's progress on a roadmap, based only on shared facts."""

    readiness: Readiness
    progress: RoadmapProgress
    milestones: Mapping[str, SharedMilestone]

    @property
    def enrolled(self) -> EnrolledRoadmap:
        return self.progress.enrolled

    @property
    def content(self) -> Content:
        return self.progress.published.content


@dataclass(frozen=True)
class SharedProfile:
    """Everything that managers see of a person.

    `today` is the date in the person's time zone. `reviewers` has current reviewers by piece id.
    """

    today: dt.date
    last_activity_on: dt.date | None
    enrolled: Sequence[EnrolledRoadmap]
    shared_progress: SharedProgress | None
    pieces: Sequence[Item]
    reviewers: Mapping[uuid.UUID, User]
    skills: Sequence[tuple[Skill, SkillComparison]]
    positions: Sequence[Position]
    degrees: Sequence[Degree]


def load_shared_profile(
    session: Session, person: User, slug: str, *, now: dt.datetime
) -> SharedProfile:
    """Load a person's shared profile, on the named roadmap if they are on it, else the primary."""
    enrolled = enrollments(session, person.id)
    chosen = next((each for each in enrolled if each.slug == slug), next(iter(enrolled), None))
    facts = person_record(session, person.id)
    pieces = sorted(
        facts.shared.pieces, key=lambda item: (item.version.occurred_on, item.id), reverse=True
    )
    today = facts.today(now)
    shared_progress = (
        _load_progress(session, person, chosen, facts, pieces, today) if chosen else None
    )
    known = (
        shared_progress.content.skills
        if shared_progress is not None
        else tuple(skills.load_user_skills(session, person.id).values())
    )
    return SharedProfile(
        today=today,
        last_activity_on=facts.last_activity_on(shared_only=True),
        enrolled=enrolled,
        shared_progress=shared_progress,
        pieces=pieces,
        reviewers=load_reviewers(session, pieces),
        skills=_compare_skills(session, person.id, known),
        positions=career.positions(session, person.id),
        degrees=career.degrees(session, person.id),
    )


def compare_skill(session: Session, person_id: uuid.UUID, skill: Skill) -> SkillComparison:
    """Load the own and the manager's assessments of a skill."""
    return _compare_skills(session, person_id, [skill])[0][1]


def _compare_skills(
    session: Session, person_id: uuid.UUID, known: Sequence[Skill]
) -> list[tuple[Skill, SkillComparison]]:
    found = skills.compare_skills(session, person_id, known)
    # Comments on self-assessments are private.
    return [
        (skill, replace(both, own=both.own and both.own._replace(comment="")))
        for skill, both in zip(known, found.values(), strict=True)
    ]


def _load_progress(
    session: Session,
    person: User,
    enrolled: EnrolledRoadmap,
    facts: PersonRecord,
    pieces: Sequence[Item],
    today: dt.date,
) -> SharedProgress:
    published = load_revision(session, enrolled.revision_id)
    content = published.content
    tally = Tally(content, facts.shared, today)
    progress = RoadmapProgress(published, enrolled, summarize(tally), {}, today)
    states = milestone_states(session, person.id) if person.shares_plans else {}
    pieces_of: dict[str, list[Item]] = defaultdict(list)
    for piece in pieces:
        for key in piece.milestones:
            pieces_of[key].append(piece)
    milestones = {}
    for each in content.milestones:
        tone, state = progress.tone(each.key), states.get(each.key, NOT_STARTED)
        milestones[each.key] = SharedMilestone(
            milestone=each,
            tone=tone,
            since=facts.status_changed_at.get(each.key),
            reason=state.reason if tone == "not_applicable" else "",
            target_on=state.target_on,
            pieces=[
                (piece, piece.milestone_tone(each.key, each.evidence, today))
                for piece in pieces_of[each.key]
            ],
        )
    return SharedProgress(explain(tally), progress, milestones)
