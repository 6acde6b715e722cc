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
        left = [name for name in types if name not in found]
        missing = [IMPACT_NAMES[name] for name in left]
        if missing:
            reason = Message(
                N_("No verified, complete metric of %(types)s"), types=join_with_or(missing)
            )
        else:
            reason = Message(N_("Verified metrics of %(types)s"), types=join_with_and(names))
        with_before = [IMPACT_NAMES[name] for name in left if name in baseline]
        after_only = [IMPACT_NAMES[name] for name in left if name not in baseline]
        if with_before and after_only:
            opens = N_(
                "To pass: verified evidence with a metric, its value after and its unit for "
                "%(after_only)s, and its values before and after for %(with_before)s"
            )
        elif with_before:
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
            Message(
                opens,
                types=join_with_and(missing or names),
                after_only=join_with_and(after_only or names),
                with_before=join_with_and(with_before or names),
            ),
            passed=not missing,
            place=("impact", left[0] if left else "")
            if tally.evidence.has_pieces
            else ("new_evidence", ""),
        )
