"""What a person already has for each roadmap, enrolled or not, to compare them side by side."""

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
class Standing:
    """Where somebody's facts put them on a roadmap.

    `shared` counts its milestones by the title of each other roadmap that has them, too.
    `years` are those recorded, `years_asked` those of its gate, where it has one.
    """

    content: Content
    enrolled: EnrolledRoadmap | None
    judged: Evaluation
    shared: tuple[tuple[str, int], ...]
    at_bar: int
    years: Fraction
    years_asked: Fraction | None


def stand_on(
    content: Content,
    others: Collection[Content],
    enrolled: EnrolledRoadmap | None,
    facts: Facts,
    today: dt.date,
) -> Standing:
    """Judge a person's facts by a roadmap, whether they are on it or not."""
    tally = Tally(content, facts, today)
    levels = {**facts.self_levels, **facts.other_levels}
    common = [(each.title, len(content.by_key.keys() & each.by_key.keys())) for each in others]
    return Standing(
        content=content,
        enrolled=enrolled,
        judged=evaluate(tally),
        shared=tuple((title, number) for title, number in common if number),
        at_bar=sum(levels.get(skill.key, 0) >= skill.bar for skill in content.skills),
        years=tally.years,
        years_asked=years_required(content.policy),
    )
