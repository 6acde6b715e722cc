"""The registry of gates: the rule, the documentation and the tests take the list from here.

To add a type of gate, write a module with a subclass of `GateRule` and name it in `GATE_TYPES`; its
settings are a class in `catalog.gates`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadmap.readiness.gates.gate import GateRule
from roadmap.readiness.gates.skills_at_bar import SkillsAtBar
from roadmap.readiness.gates.stage_verified import StageVerified
from roadmap.readiness.gates.sustained import Sustained
from roadmap.readiness.gates.verified_impacts import VerifiedImpacts
from roadmap.readiness.gates.verified_pieces import VerifiedPieces
from roadmap.readiness.gates.years import Years

if TYPE_CHECKING:
    from roadmap.catalog.policy import Policy

GATE_TYPES: dict[str, type[GateRule]] = {
    "years": Years,
    "stage_verified": StageVerified,
    "verified_pieces": VerifiedPieces,
    "verified_impacts": VerifiedImpacts,
    "skills_at_bar": SkillsAtBar,
    "sustained": Sustained,
}


def gate_rules(policy: Policy) -> list[GateRule]:
    """Return the gates of a policy, in its order."""
    return [GATE_TYPES[settings.type](settings) for settings in policy.gates]
