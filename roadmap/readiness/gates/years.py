"""Ask for years of ML engineering."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message, rounded_down, rounded_up

if TYPE_CHECKING:
    from roadmap.catalog.gates import YearsGate
    from roadmap.readiness.tally import Tally


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
