"""What is said of two views of one skill. They are named side by side, and never averaged."""

from __future__ import annotations

from flask_babel import gettext as _

from roadmap.skills.rules import SkillComparison

# A level is from 0 to 4, so two views are at most four apart; words, because the sentence is said.
NUMBER_WORDS = {2: lambda: _("two"), 3: lambda: _("three"), 4: lambda: _("four")}


def gap_message(comparison: SkillComparison, skill: str) -> str:
    """The gap as its person reads it; empty where the two are less than two levels apart."""
    if not comparison.is_divergent or comparison.other is None:
        return ""
    said = {"name": comparison.other.name, "skill": skill, "levels": _levels(comparison)}
    if (comparison.difference or 0) < 0:
        return _(
            "%(name)s rates %(skill)s %(levels)s levels lower than you do: talk about it", **said
        )
    return _("%(name)s rates %(skill)s %(levels)s levels higher than you do: talk about it", **said)


def manager_gap_message(comparison: SkillComparison, skill: str, person: str) -> str:
    """The gap as a manager of `person` reads it; empty where there is none to speak of."""
    if not comparison.is_divergent or comparison.other is None:
        return ""
    said = {
        "name": comparison.other.name,
        "person": person,
        "skill": skill,
        "levels": _levels(comparison),
    }
    if (comparison.difference or 0) < 0:
        return _(
            "%(name)s rates %(skill)s %(levels)s levels lower than %(person)s does: talk about it",
            **said,
        )
    return _(
        "%(name)s rates %(skill)s %(levels)s levels higher than %(person)s does: talk about it",
        **said,
    )


def _levels(comparison: SkillComparison) -> str:
    return NUMBER_WORDS[abs(comparison.difference or 0)]()
