"""Sentences about memberships and judgements, for several rooms."""

from __future__ import annotations

from roadmap.core.i18n import gettext as _
from roadmap.core.i18n import lazy_gettext as _l

# What a verification rests on. Of those before it was asked for, it is not known.
BASES = {
    "first_hand": _l("seen first-hand"),
    "artefact": _l("judged from the artefact"),
    "referee": _l("on a referee's word"),
}
DEFAULT_BASIS = "artefact"


def judge_name(name: str, added_by_author: bool, by_token: bool = False, basis: str = "") -> str:
    """Return the name of a reviewer or an assessor, with its marks in one pair of brackets.

    It says where a script judged `by_token`, what a verification rests on, a key of `BASES`, and
    where the person judged added them.
    """
    marks = [
        *([_("by token")] if by_token else []),
        *([str(BASES[basis])] if basis else []),
        *([_("added to the team by the person judged")] if added_by_author else []),
    ]
    return f"{name} ({'; '.join(marks)})" if marks else name


def membership_sentence(name: str, team: str, others: str, *, left: str = "") -> str:
    """Say that a person is now in a team, which they `left` for it, and where they are besides."""
    words = {"name": name, "team": team, "others": others, "left": left}
    if left and others:
        return _(
            "%(name)s was moved from %(left)s to %(team)s, and is still in %(others)s.", **words
        )
    if left:
        return _("%(name)s was moved from %(left)s to %(team)s.", **words)
    if others:
        return _("%(name)s is now in %(team)s, and still in %(others)s.", **words)
    return _("%(name)s is now in %(team)s.", **words)
