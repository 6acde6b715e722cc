"""A gate that requires a share of a stage's required hours (its D) to be done and verified."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message, ngettext_noop
from roadmap.readiness.tally import VERIFIED

if TYPE_CHECKING:
    from roadmap.catalog.gates import StageVerifiedGate
    from roadmap.readiness.tally import Tally


class Rule(GateRule):
    settings: StageVerifiedGate

    def check(self, tally: Tally) -> GateResult:
        hours = tally.stage(self.settings.stage)
        place = ("stage", self.settings.stage)
        title = tally.stage_title(self.settings.stage)
        asked = hours.asked(tally.content.policy.required_floor) if hours else Fraction(0)
        if hours is None or not asked:
            return self.result(
                Message(N_("The stage “%(stage)s” requires no milestone"), stage=title),
                Message(N_("To pass: the roadmap has to require milestones there")),
                passed=False,
                place=place,
            )
        verified = hours.required[VERIFIED]
        needed = self.settings.share * asked
        return self.result(
            Message(
                N_(
                    "%(verified)s of %(asked)s required hours of the stage “%(stage)s” are "
                    "verified; %(needed)s h required"
                ),
                verified=verified,
                asked=ceil(asked),
                stage=title,
                needed=ceil(needed),
            ),
            Message(
                ngettext_noop(
                    "To pass: %(num)s more verified hour, from required milestones that are done",
                    "To pass: %(num)s more verified hours, from required milestones that are done",
                ),
                num=ceil(needed - verified),
            ),
            passed=verified >= needed,
            place=place,
        )
