"""What is said of two views of one skill. They are named side by side, and never averaged."""

from __future__ import annotations

from flask_babel import gettext as _

from roadmap.skills.rules import Standing

# A level is from 0 to 4, so two views are at most four apart; words, because the sentence is said.
COUNTS = {2: lambda: _("two"), 3: lambda: _("three"), 4: lambda: _("four")}


def to_the_person(standing: Standing, skill: str) -> str:
    """The gap as its person reads it; empty where the two are less than two levels apart."""
    if not standing.is_far_apart or standing.other is None:
        return ""
    said = {"name": standing.other.name, "skill": skill, "levels": _levels(standing)}
    if (standing.difference or 0) < 0:
        return _(
            "%(name)s sees %(skill)s %(levels)s levels lower than you do: talk about it", **said
        )
    return _("%(name)s sees %(skill)s %(levels)s levels higher than you do: talk about it", **said)


def to_a_manager(standing: Standing, skill: str, person: str) -> str:
    """The gap as a manager of `person` reads it; empty where there is none to speak of."""
    if not standing.is_far_apart or standing.other is None:
        return ""
    said = {
        "name": standing.other.name,
        "person": person,
        "skill": skill,
        "levels": _levels(standing),
    }
    if (standing.difference or 0) < 0:
        return _(
            "%(name)s sees %(skill)s %(levels)s levels lower than %(person)s does: talk about it",
            **said,
        )
    return _(
        "%(name)s sees %(skill)s %(levels)s levels higher than %(person)s does: talk about it",
        **said,
    )


def _levels(standing: Standing) -> str:
    return COUNTS[abs(standing.difference or 0)]()
