"""Writing teams and memberships. They flush, remember and audit; the request commits.

With an Actor as `by` each of them asks below its lock whether they may, and raises NotEntitled
where they may no more.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from roadmap.core.signals import managers_changed, team_deleting
from roadmap.core.text import clean_line
from roadmap.people.audit import record_audit, record_audit_each
from roadmap.people.history import record_history, record_history_each
from roadmap.people.locks import TeamDeleted, lock_team, lock_user, lock_users
from roadmap.people.models import Membership, Team, User
from roadmap.people.permissions import ActorOrId, require_permission
from roadmap.people.reach import team_tree
from roadmap.people.roles import ROLES
from roadmap.people.rules import MAX_NAME_LENGTH, changed_fields, is_slug


class AccountDeactivated(ValueError):
    """A deactivated account is put into no team, and gets no other role there."""


class InvalidTeam(ValueError):
    """A team cannot be like this. `reason`: slug, name, taken, circle or gone."""

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
) -> Team:
    """Adds a team. Raises TeamRefused with slug, name, taken, or gone (the team above it)."""
    if not is_slug(slug):
        raise InvalidTeam("slug")
    name = clean_line(name)
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise InvalidTeam("name")
    team = Team(slug=slug, name=name, parent_id=parent_id, created_at=now)
    try:
        with session.begin_nested():
            session.add(team)
            session.flush()
    except IntegrityError:
        require_permission(by, "admin.write")
        taken = session.scalar(sa.select(sa.exists().where(Team.slug == slug)))
        raise InvalidTeam("taken" if taken else "gone") from None
    # Only now: it may have waited for another of the same slug, or for the team above.
    record_audit(
        session,
        by=require_permission(by, "admin.write"),
        action="team.created",
        target=slug,
        now=now,
    )
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
    """Renames a team, or nests it elsewhere. Raises TeamRefused with name, circle or gone (the team
    above it), and TeamGone.

    The slug stays: addresses hold it. `read` are the `name` and `parent_id` that a form was opened
    with: a field that was left as it was stays as it is stored now. Raises ChangedMeanwhile where
    one that was not was changed by somebody else, too.
    """
    name = clean_line(name)
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise InvalidTeam("name")
    _lock_teams(session)
    actor_id = require_permission(by, "admin.write")
    if session.get(Team, team.id, populate_existing=True) is None:
        raise TeamDeleted(team.id)
    sent = {"name": name, "parent_id": parent_id}
    before = {"name": team.name, "parent_id": team.parent_id}
    changed = changed_fields(sent, read or {}, before)
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
    record_audit(session, by=actor_id, action="team.changed", target=team.slug, now=now, before=was)
    if "parent_id" in changed:
        managers_changed.send(
            session, team=team, previous_parent_id=before["parent_id"], by=actor_id, now=now
        )


def delete_team(session: Session, team: Team, *, by: ActorOrId, now: dt.datetime) -> None:
    """Removes a team; the people and what they recorded stay. Raises TeamGone.

    The statements do not grow with its people: of their leaders `leaders_changed` tells once.
    """
    # All of them, because those nested in it change with it.
    _lock_teams(session)
    lock_users(session, sa.select(Membership.user_id).where(Membership.team_id == team.id))
    actor_id = require_permission(by, "admin.write")
    if session.scalar(sa.select(Team.id).where(Team.id == team.id)) is None:
        raise TeamDeleted(team.id)
    team_deleting.send(session, team=team, by=actor_id, now=now)
    # Below the locks: somebody may have left while we waited.
    gone = session.scalars(
        sa.delete(Membership).where(Membership.team_id == team.id).returning(Membership.user_id)
    ).all()
    done = "membership.removed"
    record_history_each(
        session, gone, by=actor_id, action=done, subject=team.slug, now=now,
        team=str(team.id), with_team=True,
    )  # fmt: skip
    record_audit_each(session, gone, by=actor_id, action=done, target=team.slug, now=now)
    session.execute(sa.delete(Team).where(Team.id == team.id))
    session.expunge(team)
    record_audit(session, by=actor_id, action="team.deleted", target=team.slug, now=now)
    managers_changed.send(session, by=actor_id, now=now)


def add_member(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    """Puts a person into a team with this role, or gives them this role there.

    False where nothing changed. Only an administrator may. Raises KeyError for an unknown role,
    AccountClosed and TeamGone.
    """
    actor_id = _lock_membership(session, team, user_id, role, by, "admin.write")
    before = _find_role(session, team, user_id)
    return _set_role(session, team, user_id, role, before, by=actor_id, now=now)


def change_role(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    by: ActorOrId,
    now: dt.datetime,
) -> bool:
    """Gives somebody who is in a team this role there; False where they have it already.

    Raises LookupError where they are not in it: nobody is pulled into a team by this. Else as
    `add_member`, but that whoever leads the team may.
    """
    actor_id = _lock_membership(session, team, user_id, role, by, "team.members")
    before = _find_role(session, team, user_id)
    if before is None:
        raise LookupError(user_id)
    return _set_role(session, team, user_id, role, before, by=actor_id, now=now)


def _lock_membership(
    session: Session, team: Team, user_id: uuid.UUID, role: str, by: ActorOrId, right: str
) -> uuid.UUID | None:
    """Locks the team and the person, and answers who gives the role.

    Raises KeyError for an unknown role, TeamGone, NotEntitled and AccountClosed.
    """
    if role not in ROLES:
        raise KeyError(role)
    lock_team(session, team.id)
    lock_user(session, user_id)
    actor_id = require_permission(by, right, team)
    if session.scalar(sa.select(User.deactivated_at).where(User.id == user_id)) is not None:
        raise AccountDeactivated(user_id)
    return actor_id


def _find_role(session: Session, team: Team, user_id: uuid.UUID) -> str | None:
    return session.scalar(
        sa.select(Membership.role).where(
            Membership.team_id == team.id, Membership.user_id == user_id
        )
    )


def _set_role(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    before: str | None,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> bool:
    if before == role:
        return False
    if before is None:
        session.execute(
            sa.insert(Membership).values(
                team_id=team.id, user_id=user_id, role=role, created_at=now
            )
        )
    else:
        session.execute(
            sa.update(Membership)
            .where(Membership.team_id == team.id, Membership.user_id == user_id)
            .values(role=role)
        )
    done = "membership.added" if before is None else "membership.role_changed"
    record_history(
        session, user_id=user_id, by=by, action=done, subject=team.slug, now=now,
        team=str(team.id), role=role, before=before,
    )  # fmt: skip
    record_audit(
        session, by=by, action=done, target=team.slug, now=now,
        person=str(user_id), role=role, before=before,
    )  # fmt: skip
    return True


def remove_member(
    session: Session, team: Team, user_id: uuid.UUID, *, by: ActorOrId, now: dt.datetime
) -> bool:
    """Takes a person out of a team: what a manager could see ends with the commit.

    What they verified stays, with their name. False where they were not in it. Whoever leads the
    team may; with the id of that person as `by` they leave by themselves.
    """
    lock_user(session, user_id)
    actor_id = require_permission(by, "team.members", team)
    gone = session.execute(
        sa.delete(Membership).where(Membership.team_id == team.id, Membership.user_id == user_id)
    ).rowcount  # type: ignore[attr-defined]
    if not gone:
        return False
    left = actor_id == user_id
    done = "membership.left" if left else "membership.removed"
    record_history(
        session, user_id=user_id, by=actor_id, action=done, subject=team.slug, now=now,
        team=str(team.id),
    )  # fmt: skip
    record_audit(session, by=actor_id, action=done, target=team.slug, now=now, person=str(user_id))
    return True


def share_plans(
    session: Session, user_id: uuid.UUID, shares: bool, *, by: uuid.UUID, now: dt.datetime
) -> None:
    """Says whether one's managers see reasons and target dates."""
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(shares_plans=shares))
    record_history(
        session, user_id=user_id, by=by, action="account.plans_shared", subject=str(user_id),
        now=now, shares=shares,
    )  # fmt: skip


def _lock_teams(session: Session) -> None:
    """Two changes of the tree at once could make a circle; SQLite's writers wait by themselves."""
    session.execute(sa.select(Team.id).order_by(Team.id).with_for_update())
