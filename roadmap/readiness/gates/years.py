"""A gate that requires years of ML engineering."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message, rounded_down, rounded_up

if TYPE_CHECKING:
    from roadmap.catalog.gates import YearsGate
    from roadmap.readiness.tally import Tally


class Rule(GateRule):
    settings: YearsGate

    @property
    def years(self) -> Fraction:
        return self.settings.years

    def check(self, tally: Tally) -> GateResult:
        passed = tally.years >= self.years
        asked = rounded_up(self.years)
        if passed:
            # It does not say how many: that grows every day, and nothing depends on it.
            reason = Message(N_("At least %(asked)s years of ML engineering"), asked=asked)
        else:
            reason = Message(
                N_("%(years)s of %(asked)s years of ML engineering"),
                years=rounded_down(tally.years),
                asked=asked,
            )
        opens = Message(
            N_("To pass: %(more)s more years in positions marked as ML engineering"),
            more=rounded_up(self.years - tally.years),
        )
        return self.result(reason, opens, passed=passed)
