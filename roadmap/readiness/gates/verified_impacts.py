"""Ask for a verified metric of each of some types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import IMPACT_NAMES, N_, Message, join_with_and, join_with_or
from roadmap.readiness.tally import VERIFIED, Tally

if TYPE_CHECKING:
    from roadmap.catalog.gates import VerifiedImpactsGate


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
