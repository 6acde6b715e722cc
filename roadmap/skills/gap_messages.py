"""Messages about the gap between the two assessments of a skill, which are never averaged."""

from __future__ import annotations

from flask_babel import gettext as _

from roadmap.skills.rules import SkillComparison

# Levels go from 0 to 4, so the gap is at most four. In words, as part of a sentence.
NUMBER_WORDS = {2: lambda: _("two"), 3: lambda: _("three"), 4: lambda: _("four")}


def gap_message(comparison: SkillComparison, skill: str) -> str:
    """Return the gap as the person reads it; empty where it is less than two levels."""
    if not comparison.is_divergent or comparison.other is None:
        return ""
    said = {"name": comparison.other.name, "skill": skill, "levels": _levels(comparison)}
    if (comparison.difference or 0) < 0:
        return _(
            "%(name)s rates %(skill)s %(levels)s levels lower than you do: talk about it", **said
        )
    return _("%(name)s rates %(skill)s %(levels)s levels higher than you do: talk about it", **said)


def manager_gap_message(comparison: SkillComparison, skill: str, person: str) -> str:
    """Return the gap as a manager of `person` reads it; empty where it is less than two levels."""
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
