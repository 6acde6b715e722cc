"""A gate that requires a verified, complete metric of each of some types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import IMPACT_NAMES, N_, Message, join_with_and, join_with_or
from roadmap.readiness.tally import Tally

if TYPE_CHECKING:
    from roadmap.catalog.gates import VerifiedImpactsGate


class Rule(GateRule):
    settings: VerifiedImpactsGate

    def check(self, tally: Tally) -> GateResult:
        types, baseline = self.settings.types, self.settings.baseline
        found = {
            name
            for proof in tally.evidence.proofs
            for name in proof.impacts
            if name not in baseline or name in proof.baselines
        }
        names = [IMPACT_NAMES[name] for name in types]
        missing = [IMPACT_NAMES[name] for name in types if name not in found]
        if missing:
            reason = Message(
                N_("No verified, complete metric of %(types)s"), types=join_with_or(missing)
            )
        else:
            reason = Message(N_("Verified metrics of %(types)s"), types=join_with_and(names))
        if any(name in baseline for name in types if name not in found):
            opens = N_(
                "To pass: verified evidence with a metric, its values before and after and its "
                "unit for %(types)s"
            )
        else:
            opens = N_(
                "To pass: verified evidence with a metric, its value after and its unit for "
                "%(types)s"
            )
        return self.result(
            reason,
            Message(opens, types=join_with_and(missing or names)),
            passed=not missing,
            place=("evidence" if tally.evidence.has_pieces else "new_evidence", ""),
        )
