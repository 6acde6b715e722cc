"""A gate that requires a share of a stage's required hours (its D) to be done and verified."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message

if TYPE_CHECKING:
    from roadmap.catalog.gates import StageVerifiedGate
    from roadmap.readiness.tally import Tally


class Rule(GateRule):
    settings: StageVerifiedGate

    def check(self, tally: Tally) -> GateResult:
        hours = tally.stage(self.settings.stage)
        title = tally.stage_title(self.settings.stage)
        asked = hours.asked(tally.content.policy.required_floor) if hours else Fraction(0)
        if hours is None or not asked:
            return self.result(
                Message(N_("The stage “%(stage)s” requires no milestone"), stage=title),
                Message(N_("To pass: the roadmap has to require milestones there")),
                passed=False,
            )
        verified = hours.required[-1]
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
                N_("To pass: %(more)s more verified hours, from required milestones that are done"),
                more=ceil(needed - verified),
            ),
            passed=verified >= needed,
        )
