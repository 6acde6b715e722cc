"""A gate that requires every skill at its bar in the latest assessment by someone else."""

from __future__ import annotations

from roadmap.readiness.gates.gate import GateResult, GateRule
from roadmap.readiness.messages import N_, Message, ngettext_noop
from roadmap.readiness.tally import Tally


class Rule(GateRule):
    def check(self, tally: Tally) -> GateResult:
        skills, level_of = tally.content.skills, tally.facts.other_levels.get
        below = [skill for skill in skills if (level_of(skill.key) or 0) < skill.bar]
        if not skills:
            return self.result(
                Message(N_("The roadmap names no skills that someone could assess")),
                Message(
                    N_("To pass: the roadmap has to name skills, and others have to assess them")
                ),
                passed=False,
                place=("skill", ""),
            )
        return self.result(
            Message(
                ngettext_noop(
                    "%(have)s of %(num)s skill is at its bar, as assessed by others",
                    "%(have)s of %(num)s skills are at their bar, as assessed by others",
                ),
                have=len(skills) - len(below),
                num=len(skills),
            ),
            Message(
                N_("To pass: an assessment at the bar by someone else for %(skills)s"),
                skills=", ".join(skill.title for skill in below),
            ),
            passed=not below,
            place=("skill", (below or skills)[0].key),
        )
