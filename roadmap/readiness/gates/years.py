"""A gate that requires years of ML engineering."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import Message, ngettext_noop, rounded_down, rounded_up

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
            # The actual years are left out, because they would change the text every day.
            reason = Message(
                ngettext_noop(
                    "At least %(num)s year of ML engineering, as declared",
                    "At least %(num)s years of ML engineering, as declared",
                ),
                num=asked,
            )
        else:
            reason = Message(
                ngettext_noop(
                    "%(years)s of %(num)s year of ML engineering, as declared",
                    "%(years)s of %(num)s years of ML engineering, as declared",
                ),
                years=rounded_down(tally.years),
                num=asked,
            )
        opens = Message(
            ngettext_noop(
                "To pass: %(num)s more year in positions marked as ML engineering",
                "To pass: %(num)s more years in positions marked as ML engineering",
            ),
            num=rounded_up(self.years - tally.years),
        )
        return self.result(reason, opens, passed=passed, place=("background", ""))
