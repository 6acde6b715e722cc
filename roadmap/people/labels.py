"""Sentences about memberships and judgements, for several rooms."""

from __future__ import annotations

from flask_babel import gettext as _


def judge_name(name: str, added_by_author: bool) -> str:
    """Return the name of a reviewer or an assessor, marked where the person judged added them."""
    if not added_by_author:
        return name
    return _("%(name)s (added to the team by the person judged)", name=name)


def membership_sentence(name: str, team: str, others: str) -> str:
    """Say that a person is now in a team, and which teams they are in besides."""
    words = {"name": name, "team": team, "others": others}
    if others:
        return _("%(name)s is now in %(team)s, and still in %(others)s.", **words)
    return _("%(name)s is now in %(team)s.", **words)
