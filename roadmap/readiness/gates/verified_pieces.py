"""A gate that requires a number of verified pieces of some kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import KIND_NAMES, N_, Message, join_with_or

if TYPE_CHECKING:
    from roadmap.catalog.gates import VerifiedPiecesGate
    from roadmap.readiness.tally import Tally


class Rule(GateRule):
    settings: VerifiedPiecesGate

    def check(self, tally: Tally) -> GateResult:
        kinds, asked = self.settings.kinds, self.settings.count
        _evidenced, verified = tally.kinds
        have = sum(verified[kind] for kind in kinds)
        return self.result(
            Message(
                N_("%(have)s of %(asked)s verified pieces of evidence of the kind %(kinds)s"),
                have=min(have, asked),
                asked=asked,
                kinds=join_with_or([KIND_NAMES[kind] for kind in kinds]),
            ),
            Message(
                N_("To pass: submit evidence of that kind and have it verified, %(more)s more"),
                more=asked - have,
            ),
            passed=have >= asked,
        )
