"""A gate that requires a number of verified pieces of some kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.readiness.evidence_tally import EVIDENCED
from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import KIND_NAMES, Message, join_with_or, ngettext_noop

if TYPE_CHECKING:
    from collections.abc import Collection

    from roadmap.catalog.gates import VerifiedPiecesGate
    from roadmap.readiness.tally import Tally


REASON = ngettext_noop(
    "%(have)s of %(num)s verified piece of evidence of the kind %(kinds)s",
    "%(have)s of %(num)s verified pieces of evidence of the kind %(kinds)s",
)
OPENS = ngettext_noop(
    "To pass: %(num)s more verified piece of that kind",
    "To pass: %(num)s more verified pieces of that kind",
)
OPENS_FOR_STAGES = ngettext_noop(
    "To pass: %(num)s more verified piece of that kind, confirmed for a milestone of %(stages)s",
    "To pass: %(num)s more verified pieces of that kind, each confirmed for a milestone of "
    "%(stages)s",
)


class Rule(GateRule):
    settings: VerifiedPiecesGate

    def check(self, tally: Tally) -> GateResult:
        kinds, stages, asked = self.settings.kinds, self.settings.stages, self.settings.count
        # Without stages any piece can pass the gate, otherwise only one for a counted milestone.
        counted = self._required_milestones(tally)
        have = sum(
            proof.kind in kinds and (not stages or not counted.isdisjoint(proof.milestones))
            for proof in tally.evidence.proofs
        )
        waiting = next((kind for kind in kinds if self._is_waiting(tally, kind, counted)), "")
        if have >= asked:
            place = ("evidence", ",".join(kinds))
        else:
            place = ("evidence", waiting) if waiting else ("new_evidence", kinds[0])
        titles = [f"“{tally.stage_title(key)}”".replace("%", "%%") for key in stages]
        return self.result(
            Message(
                REASON,
                have=min(have, asked),
                num=asked,
                kinds=join_with_or([KIND_NAMES[kind] for kind in kinds]),
            ),
            Message(
                OPENS_FOR_STAGES if stages else OPENS,
                num=asked - have,
                stages=join_with_or(titles) if titles else "",
            ),
            passed=have >= asked,
            place=place,
        )

    def _required_milestones(self, tally: Tally) -> set[str]:
        """Return the required milestones of the gate's stages: only these count."""
        return {
            milestone.key
            for stage in tally.content.stages
            if stage.key in self.settings.stages
            for milestone in stage.milestones
            if milestone.required
        }

    def _is_waiting(self, tally: Tally, kind: str, counted: Collection[str]) -> bool:
        """Return whether evidence of a kind could pass the gate once it is verified."""
        if not tally.evidence.evidenced[kind]:
            return False
        return not self.settings.stages or any(
            tally.tones.get(key) == EVIDENCED and kind in tally.content.by_key[key].evidence
            for key in counted
        )
