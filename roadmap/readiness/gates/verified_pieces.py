"""A gate that requires a number of verified pieces of some kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.readiness.evidence_tally import EVIDENCED
from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import KIND_NAMES, Message, join_with_or, ngettext_noop

if TYPE_CHECKING:
    from roadmap.catalog.gates import VerifiedPiecesGate
    from roadmap.readiness.tally import Tally


class Rule(GateRule):
    settings: VerifiedPiecesGate

    def check(self, tally: Tally) -> GateResult:
        kinds, asked = self.settings.kinds, self.settings.count
        stages = self.settings.stages
        # Only required milestones count in gates.
        counted = {
            milestone.key
            for stage in tally.content.stages
            if stage.key in stages
            for milestone in stage.milestones
            if milestone.required
        }
        # Without stages any piece can pass the gate, otherwise only one for a counted milestone.
        waiting = next(
            (
                kind
                for kind in kinds
                if tally.evidence.evidenced[kind]
                and (
                    not stages
                    or any(
                        tally.tones.get(key) == EVIDENCED
                        and kind in tally.content.by_key[key].evidence
                        for key in counted
                    )
                )
            ),
            "",
        )
        titles = [f"“{tally.stage_title(key)}”".replace("%", "%%") for key in stages]
        have = sum(
            proof.kind in kinds and (not stages or not counted.isdisjoint(proof.milestones))
            for proof in tally.evidence.proofs
        )
        return self.result(
            Message(
                ngettext_noop(
                    "%(have)s of %(num)s verified piece of evidence of the kind %(kinds)s",
                    "%(have)s of %(num)s verified pieces of evidence of the kind %(kinds)s",
                ),
                have=min(have, asked),
                num=asked,
                kinds=join_with_or([KIND_NAMES[kind] for kind in kinds]),
            ),
            Message(
                ngettext_noop(
                    "To pass: %(num)s more verified piece of that kind, confirmed for a milestone "
                    "of %(stages)s",
                    "To pass: %(num)s more verified pieces of that kind, each confirmed for a "
                    "milestone of %(stages)s",
                )
                if stages
                else ngettext_noop(
                    "To pass: %(num)s more verified piece of that kind",
                    "To pass: %(num)s more verified pieces of that kind",
                ),
                num=asked - have,
                stages=join_with_or(titles) if titles else "",
            ),
            passed=have >= asked,
            place=("evidence", ",".join(kinds) if have >= asked else waiting)
            if waiting or have >= asked
            else ("new_evidence", kinds[0]),
        )
