"""A worksheet on further education, with what follows from its answers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from roadmap.career_plans import queries
from roadmap.career_plans.rules import DECISION, REVIEW_ON, figure
from roadmap.catalog.queries import load_revision
from roadmap.core.i18n import date_filter
from roadmap.core.i18n import gettext as _
from roadmap.progress.queries import enrollments

if TYPE_CHECKING:
    from roadmap.career_plans.content import EducationOption
    from roadmap.career_plans.models import CareerPlan


@dataclass(frozen=True)
class Worksheet:
    """An option of further education, and the person's sheet about it, if there is one.

    `figures` are in the order of the content, None where too little is answered.
    """

    option: EducationOption
    saved: CareerPlan | None
    figures: tuple[Decimal | None, ...]
    decision: str
    review_on: dt.date | None

    @property
    def outcome(self) -> str:
        """Say the decision in a sentence; "" where there is none."""
        if not self.decision or self.saved is None:
            return ""
        said = _(
            "%(option)s: %(decision)s, by my worksheet of %(date)s.",
            option=self.option.title,
            decision=self.decision,
            date=date_filter(self.saved.updated_at),
        )
        if self.review_on is None:
            return said
        return f"{said} {_('I look at it again on %(date)s.', date=date_filter(self.review_on))}"


def worksheets(session: Session, user_id: uuid.UUID) -> list[Worksheet]:
    """Load the person's worksheets: all options, with the sheets that are filled in."""
    content = queries.career_content().advanced_education
    saved = queries.plans(session, user_id, "education")
    return [_worksheet(option, saved.get(option.key)) for option in content.options]


def decided_worksheets(
    session: Session, user_id: uuid.UUID, milestones: Collection[str]
) -> list[Worksheet]:
    """Load those with an outcome, where any of the milestones is what they decide about."""
    about = queries.career_content().advanced_education.milestones
    if not set(about) & set(milestones):
        return []
    return [each for each in worksheets(session, user_id) if each.outcome]


def stages_decided_about(session: Session, user_id: uuid.UUID) -> list[tuple[str, str]]:
    """Return the stages that the worksheet decides about: their titles and addresses.

    They are optional ones of the roadmaps that the person is on.
    """
    about = set(queries.career_content().advanced_education.milestones)
    return [
        (stage.title, f"/roadmaps/{each.slug}/{stage.key}")
        for each in enrollments(session, user_id)
        for stage in load_revision(session, each.revision_id).content.stages
        if not stage.required and about & {milestone.key for milestone in stage.milestones}
    ]


def _worksheet(option: EducationOption, saved: CareerPlan | None) -> Worksheet:
    answers = saved.answers if saved else {}
    review_on = answers.get(REVIEW_ON)
    return Worksheet(
        option,
        saved,
        tuple(
            figure(answers, each.sum_of, each.quotient_of)
            for each in queries.career_content().advanced_education.figures
        ),
        answers.get(DECISION, ""),
        dt.date.fromisoformat(review_on) if review_on else None,
    )
