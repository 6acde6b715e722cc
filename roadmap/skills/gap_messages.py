"""Messages about the difference between the self-assessment and the manager's assessment."""

from __future__ import annotations

from roadmap.core.i18n import _
from roadmap.skills.rules import SkillComparison

# Levels range from 0 to 4, so the difference is at most four.
NUMBER_WORDS = {2: lambda: _("two"), 3: lambda: _("three"), 4: lambda: _("four")}


def gap_message(comparison: SkillComparison, skill: str, person: str | None = None) -> str:
    """Return the message for the assessed user, or for a manager of `person`.

    Returns "" if the difference is less than two levels. Suggests talking about it unless the
    assessor's account is gone.
    """
    difference, other = comparison.difference, comparison.other
    if difference is None or other is None or not comparison.is_divergent:
        return ""
    name = other.name
    if other.is_assessor_deleted:  # The placeholder for the name starts with a lowercase letter.
        name = name[:1].upper() + name[1:]
    levels = NUMBER_WORDS[abs(difference)]()
    words = {"name": name, "person": person, "skill": skill, "levels": levels}
    if person is None and difference < 0:
        text = _("%(name)s rates %(skill)s %(levels)s levels lower than you do", **words)
    elif person is None:
        text = _("%(name)s rates %(skill)s %(levels)s levels higher than you do", **words)
    elif difference < 0:
        text = _("%(name)s rates %(skill)s %(levels)s levels lower than %(person)s does", **words)
    else:
        text = _("%(name)s rates %(skill)s %(levels)s levels higher than %(person)s does", **words)
    return text if other.is_assessor_deleted else _("%(gap)s: talk about it", gap=text)
