"""Compare all roadmaps by what a person already has for each, enrolled or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.progress.queries import EnrolledRoadmap
from roadmap.readiness.facts import Facts
from roadmap.readiness.gates.gate import years_required
from roadmap.readiness.rules import Evaluation, evaluate
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.content import Content


@dataclass(frozen=True)
class RoadmapComparison:
    """How far a person is on a roadmap.

    `shared` has the title of each other roadmap with the number of common milestones.
    `years` are those recorded; `years_required` those required by a gate, if there is one.
    """

    content: Content
    enrolled: EnrolledRoadmap | None
    evaluation: Evaluation
    shared: tuple[tuple[str, int], ...]
    at_bar: int
    years: Fraction
    years_required: Fraction | None


def compare_roadmap(
    content: Content,
    others: Collection[Content],
    enrolled: EnrolledRoadmap | None,
    facts: Facts,
    today: dt.date,
) -> RoadmapComparison:
    """Evaluate a person's facts against a roadmap, whether they are enrolled or not."""
    tally = Tally(content, facts, today)
    levels = {**facts.self_levels, **facts.other_levels}
    common = [(each.title, len(content.by_key.keys() & each.by_key.keys())) for each in others]
    return RoadmapComparison(
        content=content,
        enrolled=enrolled,
        evaluation=evaluate(tally),
        shared=tuple((title, number) for title, number in common if number),
        at_bar=sum(levels.get(skill.key, 0) >= skill.bar for skill in content.skills),
        years=tally.years,
        years_required=years_required(content.policy),
    )
