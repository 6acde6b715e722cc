"""Who has a capability over whom: the only queries that walk the tree of teams.

A role in a team also applies to the teams nested in it. Nobody has a capability over themselves,
and deactivated accounts have none. Functions that return a select accept an id, a bind parameter or
a column, and bind a single value for any number of people.
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from roadmap.core.text import fold
from roadmap.people.models import Membership, Team, User
from roadmap.people.roles import ROLES, Capability, roles_with

_IS_ACTIVE = User.deactivated_at.is_(None)


def select_people(
    actor: Any, capability: Capability, *, include_deactivated: bool = False
) -> sa.Select[Any]:
    """Select the ids of the people over whom `actor` has a capability.

    `include_deactivated` includes deactivated accounts, as actor and as people.
    """
    teams = select_teams(actor, capability, include_deactivated=include_deactivated)
    people = (
        sa.select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.team_id.in_(teams), Membership.user_id != actor)
        .distinct()
    )
    return people if include_deactivated else people.where(_IS_ACTIVE)


def select_teams(
    actor: Any, capability: Capability, *, include_deactivated: bool = False
) -> sa.Select[Any]:
    """Select the ids of the teams in which `actor` has a capability."""
    own = (
        sa.select(Membership.team_id.label("id"))
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id == actor, allows(capability))
    )
    return sa.select(_descend(own if include_deactivated else own.where(_IS_ACTIVE)).c.id)


def select_teams_with_holder(
    capability: Capability, *conditions: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """Select the ids of the teams in which any membership that matches has a capability."""
    own = (
        sa.select(Membership.team_id.label("id"))
        .join(User, User.id == Membership.user_id)
        .where(allows(capability), _IS_ACTIVE, *conditions)
    )
    return sa.select(_descend(own).c.id)


def load_holders(session: Session, person_id: uuid.UUID, capability: Capability) -> list[User]:
    """Load the people who have a capability over a person, by name."""
    holders = select_holders([person_id], capability).subquery()
    query = sa.select(User).where(User.id.in_(sa.select(holders.c.holder)))
    return sorted(session.scalars(query), key=lambda person: (fold(person.name), person.id))


def select_holders(people: Any, capability: Capability | None = None) -> sa.Select[Any]:
    """Select who (`holder`) has a capability, or any, over these people (`person`), by which teams.

    `team` is a team of the person, and `held_in` is the same team or the one above it in which the
    holder has the role. `granted_by` assigned that role. `people` are ids, or a select of ids.
    """
    above = _teams_above(people)
    holders = (
        sa.select(
            above.c.person,
            above.c.team,
            above.c.id.label("held_in"),
            Membership.user_id.label("holder"),
            Membership.role,
            Membership.granted_by,
        )
        .join_from(above, Membership, Membership.team_id == above.c.id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id != above.c.person, _IS_ACTIVE)
    )
    return holders if capability is None else holders.where(allows(capability))


def is_role_granted_by(
    session: Session, holder_id: uuid.UUID, person_id: uuid.UUID, capability: Capability
) -> bool:
    """Return whether all roles that give `holder_id` the capability were granted by the person."""
    held = select_holders([person_id], capability).subquery()
    givers = session.scalars(sa.select(held.c.granted_by).where(held.c.holder == holder_id)).all()
    return bool(givers) and all(giver == person_id for giver in givers)


def team_tree(team: Any) -> sa.Select[Any]:
    """Select the id of a team and of all teams nested in it."""
    return sa.select(_descend(sa.select(Team.id).where(Team.id == team)).c.id)


def team_ancestors(team: Any) -> sa.Select[Any]:
    """Select the id of a team and of all teams that it is nested in."""
    above = sa.select(Team.id).where(Team.id == team).cte(recursive=True)
    parents = sa.select(Team.parent_id).join(above, above.c.id == Team.id)
    return sa.select(above.union(parents.where(Team.parent_id.is_not(None))).c.id)


def allows(capability: Capability) -> sa.ColumnElement[bool]:
    """Return the condition that the role of a membership has a capability."""
    return Membership.role.in_(roles_with(capability))


def team_roles() -> sa.ScalarSelect[str]:
    """Select the comma-separated roles of a person, for a statement that selects from `user`."""
    roles = sa.func.coalesce(sa.func.aggregate_strings(Membership.role, ","), "")
    own = sa.select(roles).where(Membership.user_id == User.id)
    return own.correlate(User).scalar_subquery()


def capabilities_by_team(
    session: Session, actor_id: uuid.UUID
) -> dict[uuid.UUID, frozenset[Capability]]:
    """Load the capabilities of a person in each of their teams and the teams nested in them."""
    own = (
        sa.select(Membership.team_id.label("id"), Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id == actor_id, _IS_ACTIVE)
    )
    teams = _descend(own, "role")
    found: dict[uuid.UUID, frozenset[Capability]] = {}
    for team_id, role in session.execute(sa.select(teams.c.id, teams.c.role)):
        found[team_id] = found.get(team_id, frozenset()) | ROLES[role].capabilities
    return found


def capabilities_over(
    session: Session, actor_id: uuid.UUID, person_id: uuid.UUID
) -> frozenset[Capability]:
    """Load the capabilities of an actor over a person; none if either account is deactivated."""
    person = aliased(User)
    is_open = sa.exists().where(person.id == person_id, person.deactivated_at.is_(None))
    held = select_holders([person_id]).where(Membership.user_id == actor_id, is_open)
    roles = {row.role for row in session.execute(held)}
    return frozenset().union(*(ROLES[role].capabilities for role in roles))


def _teams_above(people: Any) -> sa.CTE:
    """Walk from the teams (`team`) of these people (`person`) up to all teams above them (`id`)."""
    above = (
        sa.select(
            Membership.user_id.label("person"),
            Membership.team_id.label("team"),
            Membership.team_id.label("id"),
        )
        .where(Membership.user_id.in_(people))
        .cte(recursive=True)
    )
    parents = sa.select(above.c.person, above.c.team, Team.parent_id).join_from(
        above, Team, Team.id == above.c.id
    )
    return above.union(parents.where(Team.parent_id.is_not(None)))


def _descend(teams: Any, *carried: str) -> sa.CTE:
    """Extend a select of teams (`id` and the `carried` columns) by the teams nested in them."""
    found = teams.cte(recursive=True)
    nested = sa.select(Team.id, *(found.c[name] for name in carried))
    # UNION instead of UNION ALL, so that a cycle of teams ends the recursion.
    return found.union(nested.where(Team.parent_id == found.c.id))
