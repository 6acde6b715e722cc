"""The readiness rules: compute score, parts, gates and verdict from a roadmap, facts and a date.

Pure and exact. Sums are integers over a common denominator and become fractions only at the end,
because this runs with every status change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from roadmap.readiness.evidence_tally import VERIFIED
from roadmap.readiness.facts import Degree
from roadmap.readiness.gates.gate import GateResult, gate_rules, years_required
from roadmap.readiness.tally import TONES, StageHours, Tally

if TYPE_CHECKING:
    from roadmap.catalog.policy import Background, Verdicts

ZERO = Fraction(0)
PARTS = ("milestones", "skills", "evidence", "impact", "background")
ToneFactors = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PartScore:
    """One of the five parts: its points and its maximum in this roadmap."""

    key: str
    points: Fraction
    maximum: Fraction


@dataclass(frozen=True, slots=True)
class Effort:
    """Effort in hours, without milestones marked not applicable: total and done, cumulative.

    A better tone is included in the lesser ones: claimed >= evidenced >= verified.
    """

    hours: int
    claimed_hours: int
    evidenced_hours: int
    verified_hours: int

    @property
    def claimed(self) -> Fraction:
        """Return the share of the effort that is done, from 0 to 1."""
        return self._share(self.claimed_hours)

    @property
    def evidenced(self) -> Fraction:
        """Return the share that is done with linked evidence."""
        return self._share(self.evidenced_hours)

    @property
    def verified(self) -> Fraction:
        """Return the share that is done with confirmed evidence."""
        return self._share(self.verified_hours)

    def _share(self, hours: int) -> Fraction:
        return Fraction(hours, self.hours) if self.hours else ZERO


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result without its explanation.

    `tones` has for every milestone claimed, evidenced or verified if it is done, and otherwise its
    status (not_started, in_progress, not_applicable). `stages` is in the order of the roadmap.
    """

    score: Fraction
    parts: tuple[PartScore, ...]
    gates: tuple[GateResult, ...]
    verdict: str
    claimed_not_proven: bool
    not_yet_verified: bool
    tones: Mapping[str, str]
    stages: Mapping[str, Effort]
    overall: Effort

    @property
    def shown_score(self) -> Decimal:
        """Return the score to one decimal."""
        return round_to_tenths(self.score)

    @property
    def done_count(self) -> int:
        """Return the number of done milestones."""
        return sum(tone in TONES for tone in self.tones.values())

    @property
    def shown_verdict(self) -> str:
        """Return the verdict to show; see the function `shown_verdict`."""
        return shown_verdict(self.verdict, self.claimed_not_proven, self.not_yet_verified)


def round_to_tenths(value: Fraction) -> Decimal:
    """Round a figure to one decimal for display, half away from 0.

    It is rounded from the four decimals of summary rows and the API (`round_share`), so that every
    page shows the same figure.
    """
    stored = Decimal(round(value * 10_000)).scaleb(-4)
    return stored.quantize(Decimal("0.1"), ROUND_HALF_UP)


def shown_verdict(verdict: str, claimed_not_proven: bool, not_yet_verified: bool) -> str:
    """Return the verdict to show: "claimed, not proven" takes precedence where it applies.

    For a person who has never been reviewed, it is "not yet verified here" instead.
    """
    if not_yet_verified:
        return "not_yet_verified"
    return "claimed_not_proven" if claimed_not_proven else verdict


@dataclass(slots=True)
class StageCredit:
    """A stage's weight, its credit from 0 to 1, and whether it is counted."""

    weight: int
    credit: Fraction
    counted: bool


def evaluate(tally: Tally) -> Evaluation:
    """Evaluate the facts against the roadmap."""
    content = tally.content
    parts = part_scores(tally)
    score = sum((part.points for part in parts), ZERO)
    gates = tuple(rule.check(tally) for rule in gate_rules(content.policy))
    verdict = _verdict(content.policy.verdicts, score, sum(1 for gate in gates if not gate.passed))
    only_claimed = verdict not in ("ready", "nearly") and _only_claimed(tally, parts[0])
    return Evaluation(
        score=score,
        parts=parts,
        gates=gates,
        verdict=verdict,
        claimed_not_proven=only_claimed,
        not_yet_verified=only_claimed and tally.facts.awaits_first_review,
        tones=_tones(tally),
        stages={hours.stage.key: effort_of([hours]) for hours in tally.stages},
        overall=effort_of(tally.stages),
    )


def score_of(tally: Tally) -> Fraction:
    """Return only the score, from 0 to 100, exactly."""
    return sum((part.points for part in part_scores(tally)), ZERO)


def part_scores(tally: Tally) -> tuple[PartScore, ...]:
    """Return the five parts in order; the points of an empty part go to the others."""
    policy = tally.content.policy
    shares = (
        milestones_share(tally, *policy.scaled_tone_factors)[0],
        skills_share(tally),
        evidence_share(tally),
        impact_share(tally),
        background_share(tally),
    )
    weights = [
        ZERO if share is None else getattr(policy.weights, key)
        for key, share in zip(PARTS, shares, strict=True)
    ]
    if None in shares:
        total = sum(weights) or 1
        weights = [weight * 100 / total for weight in weights]
    return tuple(
        PartScore(key, maximum * share if share else ZERO, maximum)
        for key, share, maximum in zip(PARTS, shares, weights, strict=True)
    )


def milestones_share(
    tally: Tally, factors: ToneFactors, scale: int
) -> tuple[Fraction | None, list[StageCredit]]:
    """Return part 1 as a share from 0 to 1, and the credit of each stage.

    The tone factors are integers over `scale`. The share is None if no stage can be measured.

    Bonus stages are tried best first. One is counted if its credit is above the average so far:
    exactly then it raises the weighted average. If nothing else can be counted, the best one is.
    """
    stages = zip(tally.stages, tally.content.stage_weights, strict=True)
    earned = [
        StageCredit(weight, _credit(tally, hours, factors, scale), not hours.stage.is_bonus)
        for hours, weight in stages
    ]
    share = _average(earned)
    bonus_stages = [each for each in earned if each.weight and not each.counted]
    for each in sorted(bonus_stages, key=lambda each: each.credit, reverse=True):
        if share is None or each.credit > share:
            each.counted = True
            share = _average(earned)
    return share, earned


def _credit(tally: Tally, hours: StageHours, factors: ToneFactors, scale: int) -> Fraction:
    policy, stage = tally.content.policy, hours.stage
    required = _weighted_hours(hours.required, factors)
    optional = _weighted_hours(hours.optional, factors)
    if stage.is_bonus:
        return Fraction(required + optional, stage.hours * scale or 1)
    # A common denominator keeps the floor and the cap whole numbers.
    floor, cap = policy.required_floor, policy.optional_cap
    wanted = stage.required_hours - hours.not_applicable_required_hours
    asked = max(wanted * floor.denominator, stage.required_hours * floor.numerator)
    per_hour = floor.denominator * cap.denominator
    earned = required * per_hour + min(optional * per_hour, asked * cap.numerator * scale)
    whole = asked * scale * cap.denominator
    return Fraction(min(earned, whole), whole)


def _average(stages: Iterable[StageCredit]) -> Fraction | None:
    """Return the weighted average of the counted stages, or None if there are none."""
    counted = [each for each in stages if each.counted]
    weight = sum(each.weight for each in counted)
    return sum((each.weight * each.credit for each in counted), ZERO) / weight if weight else None


def skills_share(tally: Tally) -> Fraction | None:
    """Return part 2 as a share, or None if the roadmap has no skills."""
    skills = tally.content.skills
    if not skills:
        return None
    own, others = tally.facts.self_levels, tally.facts.other_levels
    bars = lcm(*(skill.bar for skill in skills))
    by_self = by_other = 0
    for skill in skills:
        level = others.get(skill.key)
        if level is not None:
            by_other += min(level, skill.bar) * (bars // skill.bar)
        else:
            by_self += min(own.get(skill.key) or 0, skill.bar) * (bars // skill.bar)
    factors = tally.content.policy.factors
    earned = by_self * factors.self_assessed + by_other * factors.other_assessed
    return earned / (bars * len(skills))


def evidence_share(tally: Tally) -> Fraction | None:
    """Return part 3 as a share, or None if nothing is required."""
    requirements = tally.content.policy.evidence
    if not requirements:
        return None
    evidenced, verified = tally.evidence.evidenced, tally.evidence.verified
    (_, evidenced_factor, verified_factor), scale = tally.content.policy.scaled_tone_factors
    earned = total = 0
    for requirement, each in zip(
        requirements, tally.content.policy.scaled_requirements, strict=True
    ):
        best = min(requirement.count, sum([verified[kind] for kind in requirement.kinds]))
        rest = sum([evidenced[kind] for kind in requirement.kinds])
        rest = min(requirement.count - best, rest)
        total += requirement.count * each
        earned += (best * verified_factor + rest * evidenced_factor) * each
    return Fraction(earned, total * scale) if total else None


def impact_share(tally: Tally) -> Fraction | None:
    """Return part 4 as a share, or None if no impact is required."""
    types = tally.content.policy.impact
    if not types:
        return None
    factors, scale = tally.content.policy.scaled_tone_factors
    tones = tally.evidence.impact_tones
    worth = sum(factors[tones[name]] for name in types if name in tones)
    return Fraction(worth, scale * len(types))


def background_share(tally: Tally) -> Fraction | None:
    """Return part 5 as a share, or None if the policy gives no points for it."""
    asked = tally.content.policy.background
    if asked is None or not asked.points:
        return None
    years, _, degree = background_credits(tally, asked)
    points = max(asked.years_alone * years, asked.years_with_degree * years + asked.degree * degree)
    return points / asked.points


def background_credits(tally: Tally, asked: Background) -> tuple[Fraction, Degree | None, Fraction]:
    """Return the credit for years, the degree that counts, and its credit."""
    best, credit = None, ZERO
    for degree in tally.facts.degrees:
        if (worth := asked.degrees.get(degree.level, ZERO)) > credit:
            best, credit = degree, worth
    return min(Fraction(1), tally.years / asked.years), best, credit


def next_change_on(tally: Tally) -> date | None:
    """Return the next date on which the result can change without a write, or None.

    Causes are a piece that lapses, the end of a gate's time window, and growing years of ML
    engineering while they still matter.
    """
    policy, facts = tally.content.policy, tally.facts
    rules = gate_rules(policy)
    tomorrow = tally.today + timedelta(days=1)
    dates = [tally.evidence.lapses_on] if tally.evidence.lapses_on else []
    dates += [day for rule in rules if (day := rule.next_change_on(tally))]
    counted = policy.background.years if policy.background else ZERO
    if tally.years < max(counted, years_required(policy) or ZERO):
        for position in facts.positions:
            first = max(position.started_on, tomorrow)
            if position.is_ml and (position.ended_on is None or position.ended_on >= first):
                dates.append(first)
    return min(dates, default=None)


def _weighted_hours(hours: Sequence[int], factors: ToneFactors) -> int:
    return hours[0] * factors[0] + hours[1] * factors[1] + hours[2] * factors[2]


def _verdict(verdicts: Verdicts, score: Fraction, unpassed: int) -> str:
    for name, asked in (("ready", verdicts.ready), ("nearly", verdicts.nearly)):
        if unpassed <= asked.unpassed_gates and score >= asked.score:
            return name
    return "under_way" if score >= verdicts.under_way.score else "setting_out"


def _only_claimed(tally: Tally, part: PartScore) -> bool:
    """Return whether much is marked as done but little of it is verified."""
    asked = tally.content.policy.verdicts.claimed_not_proven
    ticked = (milestones_share(tally, (1, 1, 1), 1)[0] or ZERO) * part.maximum
    if ticked < asked.claimed:
        return False
    verified = (milestones_share(tally, (0, 0, 1), 1)[0] or ZERO) * part.maximum
    return verified < ticked * asked.verified_share


def _tones(tally: Tally) -> dict[str, str]:
    status_of, tone_of = tally.facts.statuses.get, tally.tones.get
    tones = {}
    for key in tally.content.by_key:
        status = status_of(key, "not_started")
        tones[key] = TONES[tone_of(key, 0)] if status == "done" else status
    return tones


def effort_of(stages: Sequence[StageHours]) -> Effort:
    """Return the effort of some stages, by tone."""
    return Effort(
        hours=sum(each.stage.hours - each.not_applicable_hours for each in stages),
        claimed_hours=sum(each.done(0) for each in stages),
        evidenced_hours=sum(each.done(1) for each in stages),
        verified_hours=sum(each.done(VERIFIED) for each in stages),
    )
