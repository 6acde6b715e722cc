"""Ask for a number of verified pieces of some kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import KIND_NAMES, N_, Message, join_with_or

if TYPE_CHECKING:
    from roadmap.catalog.gates import VerifiedPiecesGate
    from roadmap.readiness.tally import Tally


@dataclass(frozen=True)
class VerifiedPieces(GateRule):
    """So many verified pieces of some kinds."""

    settings: VerifiedPiecesGate

    def check(self, tally: Tally) -> GateResult:
        have = sum(
            1
            for piece in tally.unexpired_evidence
            if piece.verified and piece.counted.kind in self.settings.kinds
        )
        kinds = join_with_or([KIND_NAMES[kind] for kind in self.settings.kinds])
        reason = Message(
            N_("%(have)s of %(asked)s verified pieces of evidence of the kind %(kinds)s"),
            {"have": min(have, self.settings.count), "asked": self.settings.count, "kinds": kinds},
        )
        if have >= self.settings.count:
            return self._passed(reason)
        return self._not_passed(
            reason,
            Message(
                N_("To pass: submit evidence of that kind and have it verified, %(more)s more"),
                {"more": self.settings.count - have},
            ),
        )
