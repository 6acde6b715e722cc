"""What a person already has for each roadmap, enrolled or not, to compare them side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.progress.queries import EnrolledRoadmap
from roadmap.readiness.explanation import round_to_tenths
from roadmap.readiness.facts import Facts
from roadmap.readiness.gates.gate import gate_rules
from roadmap.readiness.rules import Evaluation, evaluate
from roadmap.readiness.tally import TONES, Tally

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
    done: int
    shared: tuple[tuple[str, int], ...]
    at_bar: int
    years: Fraction
    years_asked: Fraction | None

    @property
    def score(self) -> Decimal:
        """Return the score to one decimal, as the page of readiness shows it."""
        return round_to_tenths(self.judged.score)

    @property
    def gates_passed(self) -> int:
        return sum(gate.passed for gate in self.judged.gates)


def stand_on(
    content: Content,
    others: Collection[Content],
    enrolled: EnrolledRoadmap | None,
    facts: Facts,
    today: dt.date,
) -> Standing:
    """Judge a person's facts by a roadmap, whether they are on it or not."""
    tally = Tally(content, facts, today)
    judged = evaluate(tally)
    levels = {**facts.self_levels, **facts.other_levels}
    asked = [rule.years for rule in gate_rules(content.policy) if rule.years is not None]
    common = [(each.title, len(content.by_key.keys() & each.by_key.keys())) for each in others]
    return Standing(
        content=content,
        enrolled=enrolled,
        judged=judged,
        done=sum(judged.tones[key] in TONES for key in content.by_key),
        shared=tuple((title, number) for title, number in common if number),
        at_bar=sum(levels.get(skill.key, 0) >= skill.bar for skill in content.skills),
        years=tally.years,
        years_asked=max(asked, default=None),
    )
