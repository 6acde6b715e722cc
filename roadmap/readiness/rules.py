"""The rule of readiness: a roadmap, facts and a date in; score, parts, gates and verdict out.

Pure and exact. Sums are kept as integers over a common denominator and become fractions at the
end, because this runs inside every tick.
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
    """One of the five parts: its points, and the most that it can give in this roadmap."""

    key: str
    points: Fraction
    maximum: Fraction


@dataclass(frozen=True, slots=True)
class Progress:
    """Effort in hours: of all milestones not marked not applicable, and done, cumulatively.

    Hours in a better tone are in the lesser ones too: claimed >= evidenced >= verified.
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
        """Return the share that is done with evidence linked."""
        return self._share(self.evidenced_hours)

    @property
    def verified(self) -> Fraction:
        """Return the share that is done with evidence confirmed for it."""
        return self._share(self.verified_hours)

    def _share(self, hours: int) -> Fraction:
        return Fraction(hours, self.hours) if self.hours else ZERO


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The judgement, without its explanation.

    `tones` says of every milestone claimed, evidenced or verified where it is done, and its status
    (not_started, in_progress, not_applicable) where it is not. `stages` is in the roadmap's order.
    """

    score: Fraction
    parts: tuple[PartScore, ...]
    gates: tuple[GateResult, ...]
    verdict: str
    claimed_not_proven: bool
    not_yet_verified: bool
    tones: Mapping[str, str]
    stages: Mapping[str, Progress]
    overall: Progress

    @property
    def shown_score(self) -> Decimal:
        """Return the score to one decimal."""
        return round_to_tenths(self.score)

    @property
    def ticked(self) -> int:
        """Return how many milestones are done."""
        return sum(tone in TONES for tone in self.tones.values())

    @property
    def shown_verdict(self) -> str:
        """Return the verdict as it is said, as `shown_verdict`."""
        return shown_verdict(self.verdict, self.claimed_not_proven, self.not_yet_verified)


def round_to_tenths(value: Fraction) -> Decimal:
    """Return a figure as it is shown: to one decimal, a half rounded away from 0.

    It is rounded from the four decimals that a summary row and the API have (`round_share`), so
    that every page shows the same figure.
    """
    stored = Decimal(round(value * 10_000)).scaleb(-4)
    return stored.quantize(Decimal("0.1"), ROUND_HALF_UP)


def shown_verdict(verdict: str, claimed_not_proven: bool, not_yet_verified: bool) -> str:
    """Return the verdict as it is said: "claimed, not proven" replaces it where that holds.

    Of somebody whom nobody here has judged yet, it says "not yet verified here" instead.
    """
    if not_yet_verified:
        return "not_yet_verified"
    return "claimed_not_proven" if claimed_not_proven else verdict


@dataclass(slots=True)
class StageCredit:
    """What a stage earns, from 0 to 1, its weight, and whether it is counted."""

    weight: int
    credit: Fraction
    counted: bool


def evaluate(tally: Tally) -> Evaluation:
    """Judge the facts against the roadmap."""
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
        stages={hours.stage.key: progress_of([hours]) for hours in tally.stages},
        overall=progress_of(tally.stages),
    )


def score_of(tally: Tally) -> Fraction:
    """Return the score alone, from 0 to 100, exactly."""
    return sum((part.points for part in part_scores(tally)), ZERO)


def part_scores(tally: Tally) -> tuple[PartScore, ...]:
    """Return the five parts in order; an empty one gives its points to the others."""
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
    """Return part 1 as a share from 0 to 1, and the credit of each stage that it comes from.

    The tones' factors are integers over `scale`. The share is None where no stage can be measured.

    A stage that only adds is counted where its credit is above the average of those counted
    already, the best first: exactly then it raises the weighted average. Where nothing else can be
    counted, the best of them is.
    """
    stages = zip(tally.stages, tally.content.stage_weights, strict=True)
    earned = [
        StageCredit(weight, _credit(tally, hours, factors, scale), not hours.stage.is_bonus)
        for hours, weight in stages
    ]
    share = _average(earned)
    only_adding = [each for each in earned if each.weight and not each.counted]
    for each in sorted(only_adding, key=lambda each: each.credit, reverse=True):
        if share is None or each.credit > share:
            each.counted = True
            share = _average(earned)
    return share, earned


def _credit(tally: Tally, hours: StageHours, factors: ToneFactors, scale: int) -> Fraction:
    """Return what a stage earns, from 0 to 1."""
    policy, stage = tally.content.policy, hours.stage
    required = _weighted_hours(hours.required, factors)
    optional = _weighted_hours(hours.optional, factors)
    if stage.is_bonus:
        return Fraction(required + optional, stage.hours * scale or 1)
    # Everything over one denominator, so that the floor and the cap stay whole numbers.
    floor, cap = policy.required_floor, policy.optional_cap
    wanted = stage.required_hours - hours.not_applicable_required_hours
    asked = max(wanted * floor.denominator, stage.required_hours * floor.numerator)
    per_hour = floor.denominator * cap.denominator
    earned = required * per_hour + min(optional * per_hour, asked * cap.numerator * scale)
    whole = asked * scale * cap.denominator
    return Fraction(min(earned, whole), whole)


def _average(stages: Iterable[StageCredit]) -> Fraction | None:
    """Return the weighted average of the stages that are counted, None without any."""
    counted = [each for each in stages if each.counted]
    weight = sum(each.weight for each in counted)
    return sum((each.weight * each.credit for each in counted), ZERO) / weight if weight else None


def skills_share(tally: Tally) -> Fraction | None:
    """Return part 2; None where the roadmap names no skills."""
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
    """Return part 3; None where nothing is required."""
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
    """Return part 4; None where no impact is asked for."""
    types = tally.content.policy.impact
    if not types:
        return None
    factors, scale = tally.content.policy.scaled_tone_factors
    tones = tally.evidence.impact_tones
    worth = sum(factors[tones[name]] for name in types if name in tones)
    return Fraction(worth, scale * len(types))


def background_share(tally: Tally) -> Fraction | None:
    """Return part 5; None where the policy gives nothing for it."""
    asked = tally.content.policy.background
    if asked is None or not asked.points:
        return None
    years, _, degree = background_credits(tally, asked)
    points = max(asked.years_alone * years, asked.years_with_degree * years + asked.degree * degree)
    return points / asked.points


def background_credits(tally: Tally, asked: Background) -> tuple[Fraction, Degree | None, Fraction]:
    """Return the credit for years, the degree that counts, and the credit for it."""
    best, credit = None, ZERO
    for degree in tally.facts.degrees:
        if (worth := asked.degrees.get(degree.level, ZERO)) > credit:
            best, credit = degree, worth
    return min(Fraction(1), tally.years / asked.years), best, credit


def next_change_on(tally: Tally) -> date | None:
    """Return the next date on which the result can change though no fact is written.

    A piece lapses, a window of a gate ends, or years of ML engineering go on growing while they
    still matter. None where nothing of the kind lies ahead.
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


def _verdict(verdicts: Verdicts, score: Fraction, standing: int) -> str:
    for name, asked in (("ready", verdicts.ready), ("nearly", verdicts.nearly)):
        if standing <= asked.unpassed_gates and score >= asked.score:
            return name
    return "under_way" if score >= verdicts.under_way.score else "setting_out"


def _only_claimed(tally: Tally, part: PartScore) -> bool:
    """Tell whether much is ticked and little of it is verified."""
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


def progress_of(stages: Sequence[StageHours]) -> Progress:
    """Return the effort of some stages, by tone."""
    return Progress(
        hours=sum(each.stage.hours - each.not_applicable_hours for each in stages),
        claimed_hours=sum(each.done(0) for each in stages),
        evidenced_hours=sum(each.done(1) for each in stages),
        verified_hours=sum(each.done(VERIFIED) for each in stages),
    )
