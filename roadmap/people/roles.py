"""The roles in a team: each has labels and a set of capabilities.

To add a role, add an entry to `ROLES`. No other code depends on the name of a role.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from roadmap.core.i18n import LazyText, _l, join_names


class Capability(StrEnum):
    """What a role permits in its team and the teams nested in it."""

    # Has a row in the matrix of the team.
    BE_IN_MATRIX = "be_in_matrix"
    # Sees the matrix, and the profiles and evidence that people share.
    SEE_SHARED = "see_shared"
    # Comments on the evidence that people share.
    COMMENT = "comment"
    # Verifies or returns evidence, and is notified when it is submitted.
    REVIEW = "review"
    # Assesses the skills of others.
    ASSESS = "assess"
    # Invites and removes people, and changes their roles.
    MANAGE_TEAM = "manage_team"


@dataclass(frozen=True, slots=True)
class Role:
    """A role in a team.

    `invitation` takes `name` and `team`, `invitation_title` and `duties` take `team`.
    """

    label: LazyText
    # The label within a sentence: alone, with an article ("you are a manager"), and plural.
    noun: LazyText
    noun_with_article: LazyText
    plural: LazyText
    capabilities: frozenset[Capability]
    invitation_title: LazyText
    invitation: LazyText
    # The heading of the list of teams in which a person has the role.
    teams_heading: LazyText
    # What the role may do, shown when choosing a role; empty for the lowest role.
    description: LazyText | str
    # The message to a person who was added to a team in this role.
    consequence: LazyText
    # The messages to members of the team, and of nested teams, about a new holder of the role. They
    # take `who` and `team`. Empty for a role that sees nobody.
    announcement: LazyText | str = ""
    announcement_nested: LazyText | str = ""
    # What the role may do, shown to invited people; empty for a role that sees nobody.
    duties: LazyText | str = ""

    def allows(self, capability: Capability) -> bool:
        """Return whether the role has this capability."""
        return capability in self.capabilities


def plural_names(capability: Capability) -> str:
    """Return the names of roles with a capability, highest first: "managers and mentors"."""
    return join_names(ROLES[key].plural for key in reversed(roles_with(capability)))


# The roles that see what people share, for use in messages.
VIEWERS = LazyText(plural_names, Capability.SEE_SHARED)
# The roles with a row in the matrix, which count in its figures.
IN_MATRIX = LazyText(plural_names, Capability.BE_IN_MATRIX)

# From lowest to highest. Invitations never replace a role by a lower one.
ROLES: dict[str, Role] = {
    "member": Role(
        label=_l("Member"),
        noun=_l("member"),
        noun_with_article=_l("a member"),
        plural=_l("members"),
        teams_heading=_l("Teams you are in"),
        capabilities=frozenset({Capability.BE_IN_MATRIX}),
        invitation_title=_l("Join %(team)s"),
        invitation=_l("%(name)s invites you to join the team %(team)s."),
        description="",
        consequence=_l(
            "Its %(viewers)s now see what you share. You can leave it under “Teams”.",
            viewers=VIEWERS,
        ),
    ),
    "mentor": Role(
        label=_l("Mentor"),
        noun=_l("mentor"),
        noun_with_article=_l("a mentor"),
        plural=_l("mentors"),
        teams_heading=_l("Teams you mentor"),
        capabilities=frozenset({Capability.SEE_SHARED, Capability.COMMENT}),
        invitation_title=_l("Mentor %(team)s"),
        invitation=_l("%(name)s invites you to mentor the team %(team)s."),
        description=_l(
            "Mentors see what everyone in the team shares, managers included, and can "
            "comment on it. They do not review or assess."
        ),
        consequence=_l(
            "You now mentor it. You see what its members share, and can comment on it. Its other "
            "%(viewers)s see what you share.",
            viewers=VIEWERS,
        ),
        announcement=_l("%(who)s now mentors %(team)s and sees what you share there."),
        announcement_nested=_l(
            "%(who)s now mentors %(team)s, in which one of your teams is nested, and sees "
            "what you share there."
        ),
        duties=_l(
            "As a mentor you see the same of everyone in %(team)s and in the teams "
            "nested in it, and you can comment on their evidence."
        ),
    ),
    "manager": Role(
        label=_l("Manager"),
        noun=_l("manager"),
        noun_with_article=_l("a manager"),
        plural=_l("managers"),
        teams_heading=_l("Teams you manage"),
        capabilities=frozenset(
            {
                Capability.SEE_SHARED,
                Capability.COMMENT,
                Capability.REVIEW,
                Capability.ASSESS,
                Capability.MANAGE_TEAM,
            }
        ),
        invitation_title=_l("Manage %(team)s"),
        invitation=_l("%(name)s invites you to manage the team %(team)s."),
        description=_l(
            "Managers see what everyone in the team shares, other managers included. "
            "They review it, assess skills, and invite and remove people."
        ),
        consequence=_l(
            "You now manage it. You see what its members share, and review their evidence. Its "
            "other %(viewers)s see what you share.",
            viewers=VIEWERS,
        ),
        announcement=_l("%(who)s now manages %(team)s and sees what you share there."),
        announcement_nested=_l(
            "%(who)s now manages %(team)s, in which one of your teams is nested, and sees "
            "what you share there."
        ),
        duties=_l(
            "As a manager you see the same of everyone in %(team)s and in the teams nested "
            "in it, and you verify their evidence."
        ),
    ),
}
DEFAULT_ROLE = "member"


def roles_with(capability: Capability) -> tuple[str, ...]:
    """Return the keys of the roles that have a capability."""
    return tuple(key for key, role in ROLES.items() if role.allows(capability))


def noun_with_article(role: object) -> str:
    """Return how a sentence names a role, such as "a manager", or "" for an unknown one."""
    found = ROLES.get(str(role))
    return str(found.noun_with_article) if found else ""


def is_at_least(role: str | None, other: str) -> bool:
    """Return whether `role` is as high as `other` or higher; None is the lowest."""
    ranks = list(ROLES)
    return role is not None and ranks.index(role) >= ranks.index(other)


def capabilities_of(roles: str) -> frozenset[Capability]:
    """Return the combined capabilities of a comma-separated list of roles."""
    return frozenset().union(*(ROLES[key].capabilities for key in roles.split(",") if key))


def highest_role(capabilities: frozenset[Capability]) -> str:
    """Return the highest role that needs no other capabilities than these, or else the lowest."""
    return next(
        (key for key in reversed(ROLES) if ROLES[key].capabilities <= capabilities),
        next(iter(ROLES)),
    )
