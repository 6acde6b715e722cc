"""Telling people who sees now what they share: that somebody manages a team of theirs.

None of it is mailed. Each row is about its reader. The statements do not grow with the people.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.notifications.models import Notification
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, people_of, select_holders, team_ancestors, team_tree
from roadmap.people.roles import Capability

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__
_TEAMS: Any = Team.__table__
_MEMBERS: Any = Membership.__table__

_UNREAD_MANAGER_NOTICES = _ROWS.c.kind == "leads", _ROWS.c.read_at.is_(None)


@dataclass(frozen=True, slots=True)
class _ManagerNotice:
    """Somebody leads a team. `within` says that the reader's is one that is nested in it."""

    reader: uuid.UUID
    manager: uuid.UUID
    name: str
    role: str
    team_id: uuid.UUID
    team: str
    within: bool


def notify_new_manager(
    session: Session,
    manager: User,
    team: Team,
    role: str,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Everybody in the team, and in those nested in it, learns who sees now what they share.

    Not the manager, nor whoever made them one.
    """
    remove_manager_notices(session, manager.id, team.id)
    told = [
        _ManagerNotice(reader, manager.id, manager.name, role, team.id, team.name, not directly)
        for reader, directly in _list_team_tree_members(session, team.id)
    ]
    _insert_notices(session, told, by=by, now=now)


def remove_manager_notices(session: Session, manager_id: uuid.UUID, team_id: uuid.UUID) -> None:
    """What is unread of somebody leading a team goes: it is true no more, or said anew.

    Only who is in the team is asked about, by index: whoever left has nothing unread of it.
    """
    session.execute(
        sa.delete(_ROWS).where(
            _ROWS.c.user_id.in_(_select_member_ids(team_id)),
            *_UNREAD_MANAGER_NOTICES,
            _ROWS.c.team_id == team_id,
            _ROWS.c.actor_id == manager_id,
        )
    )


def notify_team_moved(
    session: Session,
    team: Team,
    previous_parent_id: uuid.UUID | None,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """A team was nested elsewhere: its people learn of the managers who are newly above them,
    of each once. Who led the team already, from wherever, is nothing new to them."""
    known = sa.select(_MEMBERS.c.user_id).where(
        allows(Capability.SEE_SHARED),
        sa.or_(
            _MEMBERS.c.team_id == team.id,
            _MEMBERS.c.team_id.in_(team_ancestors(previous_parent_id)),
        ),
    )
    leaders = session.execute(
        sa.select(_USERS.c.id, _USERS.c.name, _MEMBERS.c.role, _TEAMS.c.id, _TEAMS.c.name)
        .join_from(_MEMBERS, _USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .join(_TEAMS, _TEAMS.c.id == _MEMBERS.c.team_id)
        .where(
            allows(Capability.SEE_SHARED),
            _MEMBERS.c.team_id.in_(team_ancestors(team.parent_id)),
            _USERS.c.id.not_in(known),
            _USERS.c.deactivated_at.is_(None),
        )
        .order_by(_TEAMS.c.name, _USERS.c.name)
    ).all()
    if not leaders:
        return
    readers = [reader for reader, _directly in _list_team_tree_members(session, team.id)]
    # Who manages several of the teams above is told of with one of them.
    newly = {leader[0]: leader for leader in reversed(leaders)}.values()
    told = [
        _ManagerNotice(reader, manager, name, role, team_id, title, within=True)
        for manager, name, role, team_id, title in newly
        for reader in readers
    ]
    _insert_notices(session, told, by=by, now=now)


def notify_manager_reactivated(
    session: Session, person: uuid.UUID, *, by: uuid.UUID | None, now: dt.datetime
) -> None:
    """A manager's account was opened again: everybody whom they lead learns it, once."""
    manager = session.get_one(User, person)
    held = select_holders(people_of(person, Capability.SEE_SHARED), Capability.SEE_SHARED)
    theirs = held.where(_MEMBERS.c.user_id == person).subquery()
    is_nested = theirs.c.team != theirs.c.held_in
    rows = session.execute(
        sa.select(theirs.c.person, theirs.c.role, _TEAMS.c.id, _TEAMS.c.name, is_nested)
        .join_from(theirs, _TEAMS, _TEAMS.c.id == theirs.c.held_in)
        # A team of the reader's own comes first where there is one, and is the one named.
        .order_by(is_nested, _TEAMS.c.name)
    )
    told: dict[uuid.UUID, _ManagerNotice] = {}
    for reader, role, team_id, team, within in rows:
        told.setdefault(
            reader, _ManagerNotice(reader, person, manager.name, role, team_id, team, bool(within))
        )
    _insert_notices(session, told.values(), by=by, now=now)


def remove_outdated_notices(session: Session, people: sa.Select[Any] | None = None) -> None:
    """What is unread goes where it is true no more: the manager leads no team of the reader's, or
    another. With `people`, which selects ids, only what they read is looked at."""
    lines = sa.select(_ROWS.c.id, _ROWS.c.user_id, _ROWS.c.team_id, _ROWS.c.actor_id).where(
        *_UNREAD_MANAGER_NOTICES
    )
    readers = sa.select(_ROWS.c.user_id).where(*_UNREAD_MANAGER_NOTICES)
    if people is not None:
        lines = lines.where(_ROWS.c.user_id.in_(people))
        readers = readers.where(_ROWS.c.user_id.in_(people))
    found = session.execute(lines).all()
    if not found:
        return
    true = {
        (row.person, row.held_in, row.holder)
        for row in session.execute(select_holders(readers, Capability.SEE_SHARED))
    }
    untrue = [
        {"line": row.id} for row in found if (row.user_id, row.team_id, row.actor_id) not in true
    ]
    if untrue:
        line = sa.bindparam("line", type_=sa.Uuid)
        session.execute(sa.delete(_ROWS).where(_ROWS.c.id == line), untrue)


def _insert_notices(
    session: Session, told: Iterable[_ManagerNotice], *, by: uuid.UUID | None, now: dt.datetime
) -> None:
    """One row each, but for managers of themselves and for whoever did it."""
    rows = [
        {
            "id": new_id(),
            "user_id": each.reader,
            "kind": "leads",
            "subject_user_id": each.reader,
            "evidence_id": None,
            "team_id": each.team_id,
            "actor_id": each.manager,
            "actor_name": each.name,
            "data": {"team": each.team, "role": each.role, "within": each.within},
            "created_at": now,
        }
        for each in told
        if each.reader not in (each.manager, by)
    ]
    if rows:
        session.execute(sa.insert(_ROWS), rows)


def _list_team_tree_members(session: Session, team_id: uuid.UUID) -> list[tuple[uuid.UUID, bool]]:
    """Who is in a team or in one that is nested in it, and whether in itself."""
    outside = sa.func.min(sa.case((_MEMBERS.c.team_id == team_id, 0), else_=1))
    rows = session.execute(
        sa.select(_MEMBERS.c.user_id, outside)
        .join_from(_MEMBERS, _USERS, _USERS.c.id == _MEMBERS.c.user_id)
        .where(_MEMBERS.c.team_id.in_(team_tree(team_id)), _USERS.c.deactivated_at.is_(None))
        .group_by(_MEMBERS.c.user_id)
    )
    return [(reader, not nested) for reader, nested in rows]


def _select_member_ids(team_id: uuid.UUID) -> sa.Select[Any]:
    return sa.select(_MEMBERS.c.user_id).where(_MEMBERS.c.team_id.in_(team_tree(team_id)))
