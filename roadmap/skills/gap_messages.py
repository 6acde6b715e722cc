"""Messages about the gap between the two assessments of a skill, which are never averaged."""

from __future__ import annotations

from roadmap.core.i18n import gettext as _
from roadmap.skills.rules import SkillComparison

# Levels go from 0 to 4, so the gap is at most four. In words, as part of a sentence.
NUMBER_WORDS = {2: lambda: _("two"), 3: lambda: _("three"), 4: lambda: _("four")}


def gap_message(comparison: SkillComparison, skill: str, person: str | None = None) -> str:
    """Return the gap as the person reads it, or as a manager of `person` does.

    It is empty where the gap is less than two levels. Who is gone cannot be talked to.
    """
    difference, other = comparison.difference, comparison.other
    if difference is None or other is None or not comparison.is_divergent:
        return ""
    name = other.name
    if other.is_gone:  # what stands in place of a name begins with a small letter
        name = name[:1].upper() + name[1:]
    levels = NUMBER_WORDS[abs(difference)]()
    words = {"name": name, "person": person, "skill": skill, "levels": levels}
    if person is None and difference < 0:
        said = _("%(name)s rates %(skill)s %(levels)s levels lower than you do", **words)
    elif person is None:
        said = _("%(name)s rates %(skill)s %(levels)s levels higher than you do", **words)
    elif difference < 0:
        said = _("%(name)s rates %(skill)s %(levels)s levels lower than %(person)s does", **words)
    else:
        said = _("%(name)s rates %(skill)s %(levels)s levels higher than %(person)s does", **words)
    return said if other.is_gone else _("%(gap)s: talk about it", gap=said)
