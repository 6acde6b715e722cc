"""The gates: what no number of points makes up for.

A type of gate is one class here, named in `GATE_TYPES`, and its settings in `catalog.gates`. It
checks a tally, and says when its result may change without a new fact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.readiness.calendar_years import months_later
from roadmap.readiness.messages import (
    IMPACT_NAMES,
    KIND_NAMES,
    N_,
    Message,
    join_with_and,
    join_with_or,
    rounded_down,
    rounded_up,
)

if TYPE_CHECKING:  # the tally imports the rules of the gates
    from roadmap.catalog.gates import (
        GateSettings,
        StageVerifiedGate,
        SustainedGate,
        VerifiedImpactsGate,
        VerifiedPiecesGate,
        YearsGate,
    )
    from roadmap.catalog.policy import Policy
    from roadmap.readiness.tally import Tally


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate as it stands for somebody; `opens` is None where it has been passed."""

    key: str
    title: str
    passed: bool
    reason: Message
    opens: Message | None


@dataclass(frozen=True)
class GateRule(ABC):
    """A gate of a policy, and how it is judged."""

    settings: GateSettings

    @property
    def key(self) -> str:
        """Return the key that the policy gives it."""
        return self.settings.key

    @abstractmethod
    def check(self, tally: Tally) -> GateResult:
        """Judge the gate."""

    @property
    def years(self) -> Fraction | None:
        """Return the years of ML engineering that it asks for, None where it asks for none."""
        return None

    def next_change_on(self, tally: Tally) -> date | None:
        """Return the day on which it may change by itself, lapsing and years of work aside."""
        return None

    def _passed(self, reason: Message) -> GateResult:
        return GateResult(self.key, self.settings.title, passed=True, reason=reason, opens=None)

    def _not_passed(self, reason: Message, opens: Message) -> GateResult:
        return GateResult(self.key, self.settings.title, passed=False, reason=reason, opens=opens)


@dataclass(frozen=True)
class Years(GateRule):
    """So many years of ML engineering."""

    settings: YearsGate

    @property
    def years(self) -> Fraction:
        return self.settings.years

    def check(self, tally: Tally) -> GateResult:
        asked = rounded_up(self.settings.years)
        if tally.years >= self.settings.years:
            # It does not say how many: that grows every day, and nothing hangs on it any more.
            return self._passed(
                Message(N_("At least %(asked)s years of ML engineering"), {"asked": asked})
            )
        return self._not_passed(
            Message(
                N_("%(years)s of %(asked)s years of ML engineering"),
                {"years": rounded_down(tally.years), "asked": asked},
            ),
            Message(
                N_("To pass: %(more)s more years in positions marked as ML engineering"),
                {"more": rounded_up(self.settings.years - tally.years)},
            ),
        )


@dataclass(frozen=True)
class StageVerified(GateRule):
    """A share of what a stage requires (its D) is done and verified."""

    settings: StageVerifiedGate

    def check(self, tally: Tally) -> GateResult:
        hours = tally.stage(self.settings.stage)
        title = _stage_title(tally, self.settings.stage)
        asked = hours.asked(tally.content.policy.required_floor) if hours else Fraction(0)
        if hours is None or not asked:
            return self._not_passed(
                Message(N_("The stage “%(stage)s” requires no milestone"), {"stage": title}),
                Message(N_("To pass: the roadmap has to require milestones there")),
            )
        verified = hours.required[-1]
        needed = self.settings.share * asked
        reason = Message(
            N_(
                "%(verified)s of %(asked)s required hours of the stage “%(stage)s” are "
                "verified; %(needed)s h required"
            ),
            {
                "verified": verified,
                "asked": rounded_up(asked),
                "stage": title,
                "needed": rounded_up(needed),
            },
        )
        if verified >= needed:
            return self._passed(reason)
        return self._not_passed(
            reason,
            Message(
                N_("To pass: %(more)s more verified hours, from required milestones that are done"),
                {"more": rounded_up(needed - verified)},
            ),
        )


@dataclass(frozen=True)
class VerifiedPieces(GateRule):
    """So many verified pieces of some kinds."""

    settings: VerifiedPiecesGate

    def check(self, tally: Tally) -> GateResult:
        have = sum(
            1
            for piece in tally.unexpired_evidence
            if piece.verified and piece.counted.kind in self.settings.kinds
        )
        kinds = join_with_or([KIND_NAMES[kind] for kind in self.settings.kinds])
        reason = Message(
            N_("%(have)s of %(asked)s verified pieces of evidence of the kind %(kinds)s"),
            {"have": min(have, self.settings.count), "asked": self.settings.count, "kinds": kinds},
        )
        if have >= self.settings.count:
            return self._passed(reason)
        return self._not_passed(
            reason,
            Message(
                N_("To pass: submit evidence of that kind and have it verified, %(more)s more"),
                {"more": self.settings.count - have},
            ),
        )


@dataclass(frozen=True)
class VerifiedImpacts(GateRule):
    """A verified, complete metric of each of some types."""

    settings: VerifiedImpactsGate

    def check(self, tally: Tally) -> GateResult:
        tone_of = tally.impact_tones.get
        missing = [IMPACT_NAMES[name] for name in self.settings.types if tone_of(name) != VERIFIED]
        if not missing:
            types = join_with_and([IMPACT_NAMES[name] for name in self.settings.types])
            return self._passed(Message(N_("Verified metrics of %(types)s"), {"types": types}))
        return self._not_passed(
            Message(
                N_("No verified, complete metric of %(types)s"), {"types": join_with_or(missing)}
            ),
            Message(
                N_("To pass: verified evidence with a metric, its result and unit for %(types)s"),
                {"types": join_with_and(missing)},
            ),
        )


@dataclass(frozen=True)
class SkillsAtBar(GateRule):
    """Every skill at its bar by someone else's latest assessment."""

    def check(self, tally: Tally) -> GateResult:
        skills, level_of = tally.content.skills, tally.facts.other_levels.get
        below = [skill for skill in skills if (level_of(skill.key) or 0) < skill.bar]
        if not skills:
            return self._not_passed(
                Message(N_("The roadmap names no skills that someone could assess")),
                Message(
                    N_("To pass: the roadmap has to name skills, and others have to assess them")
                ),
            )
        reason = Message(
            N_("%(have)s of %(asked)s skills are at their bar, as assessed by others"),
            {"have": len(skills) - len(below), "asked": len(skills)},
        )
        if not below:
            return self._passed(reason)
        return self._not_passed(
            reason,
            Message(
                N_("To pass: an assessment at the bar by someone else for %(skills)s"),
                {"skills": ", ".join(skill.title for skill in below)},
            ),
        )


@dataclass(frozen=True)
class Sustained(GateRule):
    """Verified evidence for a stage that is spread over months and not long ago."""

    settings: SustainedGate

    def check(self, tally: Tally) -> GateResult:
        dates = tally.dates_confirmed_for(self.settings.stage)
        title = _stage_title(tally, self.settings.stage)
        if not dates:
            return self._not_passed(
                Message(
                    N_("No verified evidence is confirmed for done milestones of “%(stage)s”"),
                    {"stage": title},
                ),
                self._opens(title),
            )
        months = len({(day.year, day.month) for day in dates})
        span = (dates[-1] - dates[0]).days
        values: dict[str, str | int | float | date | Message] = {
            "stage": title,
            "months": months,
            "days": span,
            "last": dates[-1],
        }
        reason = Message(
            N_(
                "Verified evidence for “%(stage)s” from %(months)s different months, over "
                "%(days)s days, the latest from %(last)s"
            ),
            values,
        )
        recent = tally.today <= self._recent_until(dates)
        if months >= self.settings.months and span >= self.settings.span_days and recent:
            return self._passed(reason)
        if not recent:
            reason = Message(
                N_("The latest verified evidence for “%(stage)s” is from %(last)s, too long ago"),
                {"stage": title, "last": dates[-1]},
            )
        return self._not_passed(reason, self._opens(title))

    def next_change_on(self, tally: Tally) -> date | None:
        dates = tally.dates_confirmed_for(self.settings.stage)
        if not dates or tally.today > (until := self._recent_until(dates)) or until == date.max:
            return None
        return until + timedelta(days=1)

    def _recent_until(self, dates: list[date]) -> date:
        return months_later(dates[-1], self.settings.within_months)

    def _opens(self, title: str) -> Message:
        return Message(
            N_(
                "To pass: verified evidence for “%(stage)s” from %(months)s different "
                "months, first to last at least %(days)s days, the last within %(within)s "
                "months"
            ),
            {
                "stage": title,
                "months": self.settings.months,
                "days": self.settings.span_days,
                "within": self.settings.within_months,
            },
        )


GATE_TYPES: dict[str, type[GateRule]] = {
    "years": Years,
    "stage_verified": StageVerified,
    "verified_pieces": VerifiedPieces,
    "verified_impacts": VerifiedImpacts,
    "skills_at_bar": SkillsAtBar,
    "sustained": Sustained,
}


def _stage_title(tally: Tally, key: str) -> str:
    stage = tally.content.stage_by_key.get(key)
    return stage.title if stage else key


def gate_rules(policy: Policy) -> list[GateRule]:
    """Return the gates of a policy, in its order."""
    return [GATE_TYPES[settings.type](settings) for settings in policy.gates]
