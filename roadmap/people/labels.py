"""Texts about memberships and judgements that several packages use."""

from __future__ import annotations

from roadmap.core.i18n import _, _l

# The basis of a verification. Verifications from before this field was added have none.
BASES = {
    "first_hand": _l("seen first-hand"),
    "artefact": _l("judged from the artefact"),
    "referee": _l("on a referee's word"),
}
DEFAULT_BASIS = "artefact"


def reviewer_label(
    name: str, added_by_author: bool, by_token: bool = False, basis: str = ""
) -> str:
    """Return the name of a reviewer or assessor, followed by remarks in parentheses.

    The remarks are: judged `by_token`, the basis (a key of `BASES`), and that the person judged
    added the reviewer to the team.
    """
    marks = [
        *([_("by token")] if by_token else []),
        *([str(BASES[basis])] if basis else []),
        *([_("added to the team by the person judged")] if added_by_author else []),
    ]
    return f"{name} ({'; '.join(marks)})" if marks else name


def membership_sentence(name: str, team: str, others: str, *, left_team: str = "") -> str:
    """Say that a person is now in a team, the team that they left, and their other teams."""
    words = {"name": name, "team": team, "others": others, "left": left_team}
    if left_team and others:
        return _(
            "%(name)s was moved from %(left)s to %(team)s, and is still in %(others)s.", **words
        )
    if left_team:
        return _("%(name)s was moved from %(left)s to %(team)s.", **words)
    if others:
        return _("%(name)s is now in %(team)s, and still in %(others)s.", **words)
    return _("%(name)s is now in %(team)s.", **words)
