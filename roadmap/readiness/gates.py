"""The gates: what no number of points makes up for.

A gate type is one class here, named in `GATE_TYPES`; nothing else has to know it. It reads its own
settings from the policy, checks a tally, and says when its result may change without a new fact.
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
from roadmap.readiness.policy_reader import PolicyError, PolicyReader

if TYPE_CHECKING:  # the tally knows the course, the course its policy, the policy its gates
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
    """A gate as a policy defines it."""

    key: str
    title: str

    @classmethod
    @abstractmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> GateRule:
        """Read the settings of this type; raises `PolicyError`."""

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
        return GateResult(self.key, self.title, passed=True, reason=reason, opens=None)

    def _not_passed(self, reason: Message, opens: Message) -> GateResult:
        return GateResult(self.key, self.title, passed=False, reason=reason, opens=opens)


@dataclass(frozen=True)
class Years(GateRule):
    """So many years of ML engineering."""

    at_least: Fraction

    @classmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> Years:
        return cls(key, title, reader.number("years", 0, 60))

    @property
    def years(self) -> Fraction:
        return self.at_least

    def check(self, tally: Tally) -> GateResult:
        asked = rounded_up(self.at_least)
        if tally.years >= self.at_least:
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
                {"more": rounded_up(self.at_least - tally.years)},
            ),
        )


@dataclass(frozen=True)
class StageVerified(GateRule):
    """A share of what a stage requires (its D) is done and verified."""

    stage: str
    share: Fraction

    @classmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> StageVerified:
        return cls(key, title, reader.text("stage"), reader.number("share", 0, 1))

    def check(self, tally: Tally) -> GateResult:
        hours = tally.stage(self.stage)
        title = tally.course.stage_titles.get(self.stage, self.stage)
        asked = hours.asked(tally.course.policy.required_floor) if hours else Fraction(0)
        if hours is None or not asked:
            return self._not_passed(
                Message(N_("The stage “%(stage)s” requires no milestone"), {"stage": title}),
                Message(N_("To pass: the roadmap has to require milestones there")),
            )
        verified = hours.required[-1]
        needed = self.share * asked
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

    kinds: tuple[str, ...]
    count: int

    @classmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> VerifiedPieces:
        return cls(key, title, reader.words("kinds", KIND_NAMES), reader.whole("count", 1, 100))

    def check(self, tally: Tally) -> GateResult:
        have = sum(
            1 for piece in tally.unexpired_evidence if piece.verified and piece.kind in self.kinds
        )
        kinds = join_with_or([KIND_NAMES[kind] for kind in self.kinds])
        reason = Message(
            N_("%(have)s of %(asked)s verified pieces of evidence of the kind %(kinds)s"),
            {"have": min(have, self.count), "asked": self.count, "kinds": kinds},
        )
        if have >= self.count:
            return self._passed(reason)
        return self._not_passed(
            reason,
            Message(
                N_("To pass: submit evidence of that kind and have it verified, %(more)s more"),
                {"more": self.count - have},
            ),
        )


@dataclass(frozen=True)
class VerifiedImpacts(GateRule):
    """A verified, complete metric of each of some types."""

    types: tuple[str, ...]

    @classmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> VerifiedImpacts:
        return cls(key, title, reader.words("types", IMPACT_NAMES))

    def check(self, tally: Tally) -> GateResult:
        shown = {
            impact.type
            for piece in tally.unexpired_evidence
            if piece.verified
            for impact in piece.impacts
            if impact.complete
        }
        missing = [IMPACT_NAMES[name] for name in self.types if name not in shown]
        if not missing:
            types = join_with_and([IMPACT_NAMES[name] for name in self.types])
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

    @classmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> SkillsAtBar:
        return cls(key, title)

    def check(self, tally: Tally) -> GateResult:
        skills, level_of = tally.course.skills, tally.facts.other_levels.get
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

    stage: str
    months: int
    span_days: int
    within_months: int

    @classmethod
    def read(cls, reader: PolicyReader, key: str, title: str) -> Sustained:
        return cls(
            key,
            title,
            reader.text("stage"),
            reader.whole("months", 1, 1200),
            reader.whole("span_days", 0, 36_500),
            reader.whole("within_months", 1, 1200),
        )

    def check(self, tally: Tally) -> GateResult:
        dates = tally.dates_confirmed_for(self.stage)
        title = tally.course.stage_titles.get(self.stage, self.stage)
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
        if months >= self.months and span >= self.span_days and recent:
            return self._passed(reason)
        if not recent:
            reason = Message(
                N_("The latest verified evidence for “%(stage)s” is from %(last)s, too long ago"),
                {"stage": title, "last": dates[-1]},
            )
        return self._not_passed(reason, self._opens(title))

    def next_change_on(self, tally: Tally) -> date | None:
        dates = tally.dates_confirmed_for(self.stage)
        if not dates or tally.today > (until := self._recent_until(dates)) or until == date.max:
            return None
        return until + timedelta(days=1)

    def _recent_until(self, dates: list[date]) -> date:
        return months_later(dates[-1], self.within_months)

    def _opens(self, title: str) -> Message:
        return Message(
            N_(
                "To pass: verified evidence for “%(stage)s” from %(months)s different "
                "months, first to last at least %(days)s days, the last within %(within)s "
                "months"
            ),
            {
                "stage": title,
                "months": self.months,
                "days": self.span_days,
                "within": self.within_months,
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


def parse_gate(reader: PolicyReader) -> GateRule:
    """Read one entry of a policy's `gates`; raises `PolicyError`."""
    gate_type = reader.text("type")
    if gate_type not in GATE_TYPES:
        raise PolicyError(reader.at("type"), f"does not know {gate_type!r}")
    rule = GATE_TYPES[gate_type].read(reader, reader.text("key"), reader.text("title"))
    reader.close()
    return rule
