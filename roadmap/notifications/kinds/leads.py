"""A team of the reader has a new manager or mentor, who sees the reader's shared evidence."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString

from roadmap.core.text import fold
from roadmap.core.types import new_id
from roadmap.notifications.kind import Content, Event, TeamKind
from roadmap.notifications.models import Notification
from roadmap.notifications.retraction import select_affected_people
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, select_holders, select_people, team_ancestors, team_tree
from roadmap.people.roles import ROLES, Capability

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__
_TEAMS: Any = Team.__table__
_MEMBERS: Any = Membership.__table__


class Leads(TeamKind):
    """Deleted if it becomes outdated before it is read. All queries use an index."""

    key = "leads"
    handled_actions = frozenset(
        {"membership.added", "membership.role_changed", "membership.removed", "membership.left",
         "managers.changed"}
    )  # fmt: skip

    def handle(self, event: Event) -> None:
        if event.data.get("with_team"):
            return  # A single `managers.changed` for the whole team follows.
        if event.action != "membership.added":
            self._delete_outdated(event)
        if event.action == "managers.changed":
            self._handle_change_of_managers(event)
        else:
            self._handle_membership(event)

    def choose_text(self, content: Content) -> LazyString | str:
        # Notifications of older releases lack the role, which was always manager.
        role = ROLES[content.data.get("role") or "manager"]
        return role.announcement_nested if content.data.get("within") else role.announcement

    def _handle_membership(self, event: Event) -> None:
        team_id = uuid.UUID(event.data["team"])
        role = ROLES.get(event.data.get("role", ""))
        sees = role is not None and role.allows(Capability.SEE_SHARED)
        if sees or event.data.get("before") is not None or role is None:
            event.session.execute(
                sa.delete(_ROWS).where(
                    *self._is_unread(),
                    _ROWS.c.team_id == team_id,
                    _ROWS.c.actor_id == event.user_id,
                    _ROWS.c.user_id.in_(_select_members(team_id)),
                )
            )
        if sees:
            held = _select_viewers(_select_members(team_id))
            self._notify(event, held, held.c.holder == event.user_id, held.c.held_in == team_id)

    def _handle_change_of_managers(self, event: Event) -> None:
        team: Team | None = event.data.get("team")
        person: uuid.UUID | None = event.data.get("person")
        if team is not None:
            before = team_ancestors(event.data["previous_parent_id"])
            known = sa.select(_MEMBERS.c.user_id).where(
                allows(Capability.SEE_SHARED),
                sa.or_(_MEMBERS.c.team_id == team.id, _MEMBERS.c.team_id.in_(before)),
            )
            held = _select_viewers(_select_members(team.id))
            in_team = held.c.team.in_(team_tree(team.id))
            from_above = held.c.held_in.in_(team_ancestors(team.parent_id))
            self._notify(event, held, in_team, from_above, held.c.holder.not_in(known))
        elif person is not None:  # The account was deactivated or reactivated.
            held = _select_viewers(select_people(person, Capability.SEE_SHARED))
            self._notify(event, held, held.c.holder == person)

    def _notify(self, event: Event, held: Any, *conditions: sa.ColumnElement[bool]) -> None:
        """Notify each person once about each new viewer of their shared evidence."""
        found = event.session.execute(
            sa.select(
                *(held.c.person, held.c.holder, held.c.role, held.c.held_in),
                _USERS.c.name.label("holder_name"),
                _TEAMS.c.name.label("team_name"),
                (held.c.team != held.c.held_in).label("nested"),
            )
            .join_from(held, _TEAMS, _TEAMS.c.id == held.c.held_in)
            .join(_USERS, _USERS.c.id == held.c.holder)
            .where(*conditions)
        )
        # Prefer the reader's own team to an ancestor.
        ordered = sorted(
            found, key=lambda row: (row.nested, fold(row.team_name), fold(row.holder_name))
        )
        rows: dict[tuple[uuid.UUID, uuid.UUID], Any] = {}
        for row in ordered:
            if row.person != event.by:
                rows.setdefault((row.person, row.holder), row)
        values = [
            {
                "id": new_id(),
                "user_id": row.person,
                "kind": self.key,
                "subject_user_id": row.person,
                "team_id": row.held_in,
                "actor_id": row.holder,
                "actor_name": row.holder_name,
                "created_at": event.now,
                "data": {"team": row.team_name, "role": row.role, "within": bool(row.nested)},
            }
            for row in rows.values()
        ]
        if values:
            event.session.execute(sa.insert(_ROWS), values)
        event.notified.update(row["user_id"] for row in values)

    def _delete_outdated(self, event: Event) -> None:
        unread = sa.select(_ROWS.c.id, _ROWS.c.user_id).where(*self._is_unread())
        if (people := select_affected_people(event)) is not None:
            unread = unread.where(_ROWS.c.user_id.in_(people))
        rows = unread.cte()
        held = _select_viewers(sa.select(rows.c.user_id))
        current = sa.select(held.c.person, held.c.held_in, held.c.holder)
        recorded = sa.tuple_(_ROWS.c.user_id, _ROWS.c.team_id, _ROWS.c.actor_id)
        outdated = sa.or_(_ROWS.c.actor_id.is_(None), recorded.not_in(current))
        event.session.execute(
            sa.delete(_ROWS).where(_ROWS.c.id.in_(sa.select(rows.c.id)), outdated)
        )

    def _is_unread(self) -> tuple[sa.ColumnElement[bool], ...]:
        return _ROWS.c.kind == self.key, _ROWS.c.read_at.is_(None)


def _select_viewers(people: sa.Select[Any]) -> sa.Subquery:
    """Select the viewers of these people's shared evidence, with the teams that grant it."""
    return select_holders(people, Capability.SEE_SHARED).subquery()


def _select_members(team_id: uuid.UUID) -> sa.Select[Any]:
    """Select the ids of the active members of a team and its descendants."""
    return (
        sa.select(_MEMBERS.c.user_id)
        .join(_USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .where(_MEMBERS.c.team_id.in_(team_tree(team_id)), _USERS.c.deactivated_at.is_(None))
    )
