"""Load the career planning content and the user's plans, worksheets and reflections."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.career_plans.models import CareerPlan, Reflection
from roadmap.career_plans.rules import DECISION, REVIEW_ON, compute_figure, is_review_due
from roadmap.catalog.queries import load_revision
from roadmap.core.i18n import _, date_filter
from roadmap.progress import queries as progress
from roadmap.progress.queries import Link, enrollments

if TYPE_CHECKING:
    from roadmap.career_plans.content import CareerContent, EducationOption


@cache
def career_content() -> CareerContent:
    """Return the parsed content, which is cached per process."""
    # Imported here, so that Pydantic does not slow down the start of the application.
    from roadmap.career_plans.content import CareerContent
    from roadmap.catalog.files import read_as

    return read_as(Path(__file__).parent / "content.yaml", CareerContent)


def milestone_links(session: Session, user_id: uuid.UUID, keys: Iterable[str]) -> list[Link]:
    """Load links to milestones, preferring the roadmap that the content belongs to."""
    return progress.milestone_links(session, user_id, keys, preferred=career_content().roadmap)


def load_help_links(milestone_key: str) -> list[Link]:
    """Return links to the career planning pages that help with a milestone."""
    content = career_content()
    pages = [
        Link(each.title, f"/career/challenges/{each.key}")
        for each in content.challenges
        if milestone_key in each.milestones
    ]
    if milestone_key in content.advanced_education.milestones:
        pages.append(Link(content.advanced_education.title, "/career/education"))
    return pages


def plan(session: Session, user_id: uuid.UUID, kind: str, subject: str = "") -> CareerPlan | None:
    """Load the user's plan of a kind about a subject."""
    return session.scalars(
        sa.select(CareerPlan).filter_by(user_id=user_id, kind=kind, subject=subject)
    ).first()


def plans(session: Session, user_id: uuid.UUID, kind: str) -> dict[str, CareerPlan]:
    """Load the user's plans of a kind by subject."""
    found = session.scalars(sa.select(CareerPlan).filter_by(user_id=user_id, kind=kind))
    return {each.subject: each for each in found}


def load_due_plan_reviews(session: Session, user_id: uuid.UUID, today: dt.date) -> list[Link]:
    """Load links to the plans with a review date up to today."""
    content = career_content()
    options = content.advanced_education.option_by_key
    found = session.scalars(
        sa.select(CareerPlan)
        .where(CareerPlan.user_id == user_id, CareerPlan.kind.in_(("direction", "education")))
        .order_by(CareerPlan.kind, CareerPlan.subject)
    )
    due = [each for each in found if is_review_due(each.answers, today)]
    return [
        Link(content.direction.title, "/career/direction#reasons")
        if each.kind == "direction"
        else Link(options[each.subject].title, f"/career/education/{each.subject}")
        for each in due
        if each.kind == "direction" or each.subject in options
    ]


@dataclass(frozen=True)
class Worksheet:
    """An option of further education with the user's saved answers, if any."""

    option: EducationOption
    saved: CareerPlan | None

    @property
    def answers(self) -> dict[str, str]:
        return self.saved.answers if self.saved else {}

    @property
    def figures(self) -> list[Decimal | None]:
        """Return the figures in content order, None if answers are missing."""
        definitions = career_content().advanced_education.figures
        return [compute_figure(self.answers, each.sum_of, each.quotient_of) for each in definitions]

    @property
    def decision(self) -> str:
        return self.answers.get(DECISION, "")

    @property
    def review_on(self) -> dt.date | None:
        day = self.answers.get(REVIEW_ON)
        return dt.date.fromisoformat(day) if day else None

    @property
    def outcome(self) -> str:
        """Return the decision as a sentence, "" if there is none."""
        if not self.decision or self.saved is None:
            return ""
        sentence = _(
            "%(option)s: %(decision)s, according to my worksheet of %(date)s.",
            option=self.option.title,
            decision=self.decision,
            date=date_filter(self.saved.updated_at),
        )
        if self.review_on is None:
            return sentence
        return (
            f"{sentence} {_('I look at it again on %(date)s.', date=date_filter(self.review_on))}"
        )


def worksheets(session: Session, user_id: uuid.UUID) -> list[Worksheet]:
    """Load the user's worksheets for all options, including empty ones."""
    content = career_content().advanced_education
    saved = plans(session, user_id, "education")
    return [Worksheet(option, saved.get(option.key)) for option in content.options]


def decided_worksheets(
    session: Session, user_id: uuid.UUID, milestones: Collection[str]
) -> list[Worksheet]:
    """Load the worksheets with an outcome, if they are about any of the milestones."""
    about = career_content().advanced_education.milestones
    if not set(about) & set(milestones):
        return []
    return [each for each in worksheets(session, user_id) if each.outcome]


def optional_education_stages(session: Session, user_id: uuid.UUID) -> list[tuple[str, str]]:
    """Load (title, path) of the optional stages that the worksheet decides about."""
    about = set(career_content().advanced_education.milestones)
    return [
        (stage.title, f"/roadmaps/{each.slug}/{stage.key}")
        for each in enrollments(session, user_id)
        for stage in load_revision(session, each.revision_id).content.stages
        if not stage.required and about & {milestone.key for milestone in stage.milestones}
    ]


def reflections(session: Session, user_id: uuid.UUID, challenge: str) -> Sequence[Reflection]:
    """Load the user's reflections on a challenge, newest first."""
    return session.scalars(
        sa.select(Reflection)
        .filter_by(user_id=user_id, challenge=challenge)
        .order_by(Reflection.written_on.desc(), Reflection.id.desc())
    ).all()


def last_reflections(session: Session, user_id: uuid.UUID) -> dict[str, dt.date]:
    """Load the day of the user's last reflection by challenge."""
    newest = (
        sa.select(Reflection.challenge, sa.func.max(Reflection.written_on).label("day"))
        .where(Reflection.user_id == user_id)
        .group_by(Reflection.challenge)
    )
    return {row.challenge: row.day for row in session.execute(newest)}
