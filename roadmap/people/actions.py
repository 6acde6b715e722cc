"""Write teams and memberships.

The functions flush and record history and audit entries; the request commits. If `by` is an Actor,
each checks the permission while holding its lock, and raises PermissionDenied.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from roadmap.core.i18n import _l
from roadmap.core.limits import LimitReached
from roadmap.core.signals import managers_changed, team_deleting
from roadmap.core.text import clean_line
from roadmap.core.types import form_id
from roadmap.people.audit import record_audit
from roadmap.people.history import record_history
from roadmap.people.locks import TeamDeleted, lock_team, lock_user, lock_users
from roadmap.people.models import Membership, Team, User
from roadmap.people.permissions import ActorOrId, require_permission
from roadmap.people.queries import count_teams, find_role
from roadmap.people.reach import team_tree
from roadmap.people.roles import ROLES
from roadmap.people.rules import MAX_NAME_LENGTH, changed_fields, is_slug

# The maximum number of teams per installation.
MAX_TEAMS = 5_000


class AccountDeactivated(ValueError):
    """A deactivated account cannot be added to a team or get another role."""


class InvalidTeam(ValueError):
    """A team with these values cannot be saved. `reason`: slug, name, taken, circle or gone."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def create_team(
    session: Session,
    *,
    slug: str,
    name: str,
    parent_id: uuid.UUID | None = None,
    by: ActorOrId,
    now: dt.datetime,
    key: str = "",
) -> Team:
    """Create a team, only once per form `key`.

    Raises InvalidTeam (slug, name, taken, or gone for a deleted parent), and LimitReached.
    """
    if not is_slug(slug):
        raise InvalidTeam("slug")
    row_id = form_id(key, slug, name, parent_id)
    if session.get(Team, row_id) is None and count_teams(session) >= MAX_TEAMS:
        raise LimitReached(
            _l("There are already %(most)d teams, the maximum.", most=MAX_TEAMS),
            _l("Delete one that is no longer needed, then create this one again."),
        )
    team = Team(id=row_id, slug=slug, name=_check_name(name), parent_id=parent_id, created_at=now)
    try:
        with session.begin_nested():
            session.add(team)
            session.flush()
    except IntegrityError:
        require_permission(by, "admin.write")
        if (made := session.get(Team, row_id)) is not None:
            return made
        taken = session.scalar(sa.select(sa.exists().where(Team.slug == slug)))
        raise InvalidTeam("taken" if taken else "gone") from None
    # Checked after the insert, which may have waited for another writer.
    actor_id = require_permission(by, "admin.write")
    record_audit(session, "team.created", slug, by=actor_id, now=now, team_name=team.name)
    return team


def change_team(
    session: Session,
    team: Team,
    *,
    name: str,
    parent_id: uuid.UUID | None,
    read: Mapping[str, Any] | None = None,
    by: ActorOrId,
    now: dt.datetime,
) -> None:
    """Change the name or the parent of a team; its slug is fixed.

    `read` has the values that the form was opened with; fields still equal to them are not written.
    Raises EditConflict, InvalidTeam (name, circle, or gone for a deleted parent), and TeamDeleted.
    """
    name = _check_name(name)
    # Serialize changes of the tree, because concurrent ones could create a cycle.
    _lock_teams(session)
    actor_id = require_permission(by, "admin.write")
    if session.get(Team, team.id, populate_existing=True) is None:
        raise TeamDeleted(team.id)
    before = {"name": team.name, "parent_id": team.parent_id}
    changed = changed_fields({"name": name, "parent_id": parent_id}, read or {}, before)
    parent = changed.get("parent_id")
    if parent is not None and session.get(Team, parent, populate_existing=True) is None:
        raise InvalidTeam("gone")
    if parent is not None and parent in session.scalars(team_tree(team.id)).all():
        raise InvalidTeam("circle")
    if not changed:
        return
    for field, value in changed.items():
        setattr(team, field, value)
    session.flush()
    was = {"name": before["name"], "parent": str(before["parent_id"] or "")}
    above = session.get(Team, team.parent_id) if team.parent_id else None
    record_audit(
        session, "team.changed", team.slug, by=actor_id, now=now, before=was, team_name=team.name,
        parent_name=above.name if above else "", moved="parent_id" in changed,
    )  # fmt: skip
    if "parent_id" in changed:
        managers_changed.send(
            session, team=team, previous_parent_id=before["parent_id"], by=actor_id, now=now
        )


def delete_team(session: Session, team: Team, *, by: ActorOrId, now: dt.datetime) -> None:
    """Delete a team but not its people or their records. Raises TeamDeleted."""
    # Lock all teams, because teams nested in this one change too.
    _lock_teams(session)
    lock_users(session, sa.select(Membership.user_id).where(Membership.team_id == team.id))
    actor_id = require_permission(by, "admin.write")
    if session.scalar(sa.select(Team.id).where(Team.id == team.id)) is None:
        raise TeamDeleted(team.id)
    team_deleting.send(session, team=team, by=actor_id, now=now)
    # Read while holding the locks, because members may have left before.
    removed = session.scalars(
        sa.delete(Membership).where(Membership.team_id == team.id).returning(Membership.user_id)
    ).all()
    done = "membership.removed"
    record_history(
        session, removed, done, team.slug, by=actor_id, now=now, team=str(team.id), with_team=True
    )
    record_audit(
        session, done, team.slug, by=actor_id, now=now, user_ids=removed, team_name=team.name
    )
    session.execute(sa.delete(Team).where(Team.id == team.id))
    session.expunge(team)
    record_audit(session, "team.deleted", team.slug, by=actor_id, now=now, team_name=team.name)
    managers_changed.send(session, by=actor_id, now=now)


def add_member(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    invited_by: uuid.UUID | None = None,
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    """Add a person to a team, or change their role there, as an administrator.

    `invited_by` is the inviter, if the person accepts an invitation. Returns whether anything
    changed. Raises KeyError for an unknown role, AccountDeactivated, and TeamDeleted.
    """
    return _set_role(
        session, team, user_id, role, "admin.write", granted_by=invited_by, by=by, now=now
    )


def change_role(
    session: Session, team: Team, user_id: uuid.UUID, role: str, *, by: ActorOrId, now: dt.datetime
) -> bool:
    """Change the role of a team member, as a manager of the team.

    Raises LookupError if the person is not in the team, and the errors of `add_member`.
    """
    return _set_role(session, team, user_id, role, "team.members", by=by, now=now, joins=False)


def remove_member(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    *,
    moved_to: str = "",
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    """Remove a person from a team; return False if they were not in it.

    Their verifications remain. If `by` is the person's own id, they leave.
    """
    lock_user(session, user_id)
    actor_id = require_permission(by, "team.members", team)
    before = session.scalar(
        sa.delete(Membership)
        .where(Membership.team_id == team.id, Membership.user_id == user_id)
        .returning(Membership.role)
    )
    if before is None:
        return False
    done = "membership.left" if actor_id == user_id else "membership.removed"
    more: dict[str, Any] = {"moved_to": moved_to} if moved_to else {}
    record_history(
        session, user_id, done, team.slug, by=actor_id, now=now, team=str(team.id), before=before,
        **more,
    )  # fmt: skip
    record_audit(
        session, done, team.slug, by=actor_id, now=now, team_name=team.name, person=str(user_id)
    )
    return True


def move_member(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    to: Team,
    role: str | None = None,
    *,
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    """Move a team member to another team, as a manager of both.

    They keep their role unless another is given. Returns False if they are not in the first team.
    Raises the errors of `add_member`.
    """
    # Lock both teams before the person and in a fixed order, see `lock_team`.
    for team_id in sorted({team.id, to.id}):
        lock_team(session, team_id)
    lock_user(session, user_id)
    require_permission(by, "team.members", team)
    before, role_there = (find_role(session, each.id, user_id) for each in (team, to))
    if before is None or team.id == to.id:
        return False
    role = role or role_there or before
    _set_role(session, to, user_id, role, "team.members", moved_from=team.name, by=by, now=now)
    moved_to = to.name if role_there is None else ""
    return remove_member(session, team, user_id, moved_to=moved_to, by=by, now=now)


def _check_name(name: str) -> str:
    name = clean_line(name)
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise InvalidTeam("name")
    return name


def _lock_teams(session: Session) -> None:
    """Lock all teams. SQLite serializes writers anyway."""
    session.execute(sa.select(Team.id).order_by(Team.id).with_for_update())


def _set_role(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    permission: str,
    *,
    joins: bool = True,
    moved_from: str = "",
    granted_by: uuid.UUID | None = None,
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    if role not in ROLES:
        raise KeyError(role)
    lock_team(session, team.id)
    lock_user(session, user_id)
    actor_id = require_permission(by, permission, team)
    if session.scalar(sa.select(User.deactivated_at).where(User.id == user_id)) is not None:
        raise AccountDeactivated(user_id)
    before = find_role(session, team.id, user_id)
    if before is None and not joins:
        raise LookupError(user_id)
    if before == role:
        return False
    key = {"team_id": team.id, "user_id": user_id}
    given: dict[str, Any] = {"role": role, "granted_by": granted_by or actor_id}
    if before is None:
        session.execute(sa.insert(Membership).values(**key, **given, created_at=now))
    else:
        session.execute(sa.update(Membership).filter_by(**key).values(**given))
    done = "membership.added" if before is None else "membership.role_changed"
    more: dict[str, Any] = {"moved_from": moved_from} if moved_from else {}
    record_history(
        session, user_id, done, team.slug, by=actor_id, now=now, team=str(team.id), role=role,
        before=before, **more,
    )  # fmt: skip
    record_audit(
        session, done, team.slug, by=actor_id, now=now, person=str(user_id), role=role,
        before=before, team_name=team.name,
    )  # fmt: skip
    return True
