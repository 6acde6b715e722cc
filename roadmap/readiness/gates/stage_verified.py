"""A gate that requires a share of a stage's target hours to be done and verified."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from roadmap.core.dates import months_later
from roadmap.readiness.evidence_tally import NO_VERIFIER
from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message, ngettext_noop

if TYPE_CHECKING:
    from roadmap.catalog.gates import StageVerifiedGate
    from roadmap.readiness.tally import Tally


REASON = ngettext_noop(
    "%(verified)s h verified, %(needed)s h needed: %(share)s%% of the %(num)s required hour of the "
    "stage “%(stage)s”",
    "%(verified)s h verified, %(needed)s h needed: %(share)s%% of the %(num)s required hours of "
    "the stage “%(stage)s”",
)
REASON_WITH_PEOPLE = ngettext_noop(
    "%(verified)s h verified, %(needed)s h needed: %(share)s%% of the %(num)s required hour of the "
    "stage “%(stage)s”, by %(people)s of at least %(asked)s different people",
    "%(verified)s h verified, %(needed)s h needed: %(share)s%% of the %(num)s required hours of "
    "the stage “%(stage)s”, by %(people)s of at least %(asked)s different people",
)
HOURS_MISSING = ngettext_noop(
    "To pass: %(num)s more verified hour, from required milestones that are done",
    "To pass: %(num)s more verified hours, from required milestones that are done",
)
PEOPLE_MISSING = ngettext_noop(
    "To pass: confirmations by %(num)s more person, for required milestones that are done",
    "To pass: confirmations by %(num)s more people, for required milestones that are done",
)


class Rule(GateRule):
    settings: StageVerifiedGate

    def check(self, tally: Tally) -> GateResult:
        hours = tally.stage(self.settings.stage)
        place = ("stage", self.settings.stage)
        title = tally.stage_title(self.settings.stage)
        asked = hours.target_hours(tally.content.policy.required_floor) if hours else Fraction(0)
        if not asked:
            return self.result(
                Message(N_("The stage “%(stage)s” requires no milestone"), stage=title),
                Message(N_("To pass: the roadmap has to require milestones there")),
                passed=False,
                place=place,
            )
        verified, needed = self._verified_hours(tally), self.settings.share * asked
        asked_people = self.settings.verifiers
        # Verified hours imply one person. Counting people reads every proof, so avoid it.
        people = self._count_verifiers(tally) if asked_people > 1 else 1
        if verified >= needed:
            opens = Message(PEOPLE_MISSING, num=asked_people - people)
        else:
            opens = Message(HOURS_MISSING, num=ceil(needed - verified))
        return self.result(
            Message(
                REASON_WITH_PEOPLE if asked_people > 1 else REASON,
                verified=verified,
                num=ceil(asked),
                stage=title,
                needed=ceil(needed),
                share=round(float(self.settings.share) * 100),
                people=people,
                asked=asked_people,
            ),
            opens,
            passed=verified >= needed and people >= asked_people,
            place=place,
        )

    def next_change_on(self, tally: Tally) -> date | None:
        if self.settings.within_months is None:
            return None
        last_days = [self._counts_until(day) for day in self._latest_proofs(tally).values()]
        return min((day + timedelta(days=1) for day in last_days if day < date.max), default=None)

    def _verified_hours(self, tally: Tally) -> int:
        done = tally.done_required(self.settings.stage)
        return sum(done[key] for key in self._latest_proofs(tally))

    def _count_verifiers(self, tally: Tally) -> int:
        done = tally.done_required(self.settings.stage)
        people = {
            person
            for proof in tally.evidence.proofs
            if tally.today <= self._counts_until(proof.occurred_on.last)
            for key, person in zip(proof.milestones, proof.verifiers, strict=True)
            if key in done
        }
        return len(people - {NO_VERIFIER})

    def _latest_proofs(self, tally: Tally) -> dict[str, date]:
        """Return the verified milestones of the stage whose latest proof is recent enough."""
        latest = tally.latest_proofs(self.settings.stage)
        return {key: day for key, day in latest.items() if tally.today <= self._counts_until(day)}

    def _counts_until(self, day: date) -> date:
        months = self.settings.within_months
        return date.max if months is None else months_later(day, months)
