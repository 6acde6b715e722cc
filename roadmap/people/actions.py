"""Writing teams and memberships. They flush, remember and audit; the request commits."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from roadmap.core.signals import leaders_changed
from roadmap.people.models import ROLES, Membership, Team, User
from roadmap.people.records import (
    audit,
    audit_each,
    lock_people,
    lock_person,
    remember,
    remember_each,
)
from roadmap.people.rules import LONGEST_NAME, is_slug


class TeamRefused(ValueError):
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
    by: uuid.UUID | None,
    now: dt.datetime,
) -> Team:
    """Adds a team. Raises TeamRefused with slug, name, taken, or gone (the team above it)."""
    if not is_slug(slug):
        raise TeamRefused("slug")
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise TeamRefused("name")
    team = Team(slug=slug, name=name.strip(), parent_id=parent_id, created_at=now)
    try:
        with session.begin_nested():
            session.add(team)
            session.flush()
    except IntegrityError:
        taken = session.scalar(sa.select(sa.exists().where(Team.slug == slug)))
        raise TeamRefused("taken" if taken else "gone") from None
    audit(session, by=by, action="team.created", target=slug, now=now)
    return team


def change_team(
    session: Session,
    team: Team,
    *,
    name: str,
    parent_id: uuid.UUID | None,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Renames a team, or nests it elsewhere. Raises TeamRefused with name, circle or gone.

    The slug stays: addresses hold it.
    """
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise TeamRefused("name")
    _lock_teams(session)
    above = parent_id
    while above is not None:
        if above == team.id:
            raise TeamRefused("circle")
        found = session.execute(sa.select(Team.id, Team.parent_id).where(Team.id == above)).first()
        if found is None:
            raise TeamRefused("gone")
        above = found.parent_id
    before = {"name": team.name, "parent": str(team.parent_id or "")}
    moved = team.parent_id != parent_id
    team.name, team.parent_id = name.strip(), parent_id
    session.flush()
    audit(session, by=by, action="team.changed", target=team.slug, now=now, before=before)
    if moved:
        leaders_changed.send(session, now=now)


def delete_team(session: Session, team: Team, *, by: uuid.UUID | None, now: dt.datetime) -> None:
    """Removes a team; the people and what they recorded stay.

    The statements do not grow with its people: of their leaders `leaders_changed` tells once.
    """
    lock_people(session, sa.select(Membership.user_id).where(Membership.team_id == team.id))
    # Below the locks: somebody may have left while we waited.
    gone = session.scalars(
        sa.delete(Membership).where(Membership.team_id == team.id).returning(Membership.user_id)
    ).all()
    done = "membership.removed"
    remember_each(
        session, gone, by=by, action=done, subject=team.slug, now=now,
        team=str(team.id), with_team=True,
    )  # fmt: skip
    audit_each(session, gone, by=by, action=done, target=team.slug, now=now)
    session.execute(sa.delete(Team).where(Team.id == team.id))
    session.expunge(team)
    audit(session, by=by, action="team.deleted", target=team.slug, now=now)
    leaders_changed.send(session, now=now)


def add_member(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> bool:
    """Puts a person into a team with this role, or gives them this role there.

    False where nothing changed. Raises KeyError for an unknown role.
    """
    if role not in ROLES:
        raise KeyError(role)
    lock_person(session, user_id)
    before = session.scalar(
        sa.select(Membership.role).where(
            Membership.team_id == team.id, Membership.user_id == user_id
        )
    )
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
    remember(
        session, user_id=user_id, by=by, action=done, subject=team.slug, now=now,
        team=str(team.id), role=role, before=before,
    )  # fmt: skip
    audit(
        session, by=by, action=done, target=team.slug, now=now,
        person=str(user_id), role=role, before=before,
    )  # fmt: skip
    return True


def change_role(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
) -> bool:
    """Gives somebody who is in a team this role there; False where they have it already.

    Raises LookupError where they are not in it: nobody is pulled into a team by this.
    """
    lock_person(session, user_id)
    if not session.scalar(
        sa.select(sa.exists().where(Membership.team_id == team.id, Membership.user_id == user_id))
    ):
        raise LookupError(user_id)
    return add_member(session, team, user_id, role, by=by, now=now)


def remove_member(
    session: Session, team: Team, user_id: uuid.UUID, *, by: uuid.UUID | None, now: dt.datetime
) -> bool:
    """Takes a person out of a team: what a manager could see ends with the commit.

    What they verified stays, with their name. False where they were not in it.
    """
    lock_person(session, user_id)
    gone = session.execute(
        sa.delete(Membership).where(Membership.team_id == team.id, Membership.user_id == user_id)
    ).rowcount  # type: ignore[attr-defined]
    if not gone:
        return False
    left = by == user_id
    done = "membership.left" if left else "membership.removed"
    remember(
        session, user_id=user_id, by=by, action=done, subject=team.slug, now=now, team=str(team.id)
    )
    audit(session, by=by, action=done, target=team.slug, now=now, person=str(user_id))
    return True


def share_plans(
    session: Session, user_id: uuid.UUID, shares: bool, *, by: uuid.UUID, now: dt.datetime
) -> None:
    """Says whether one's managers see reasons and target dates."""
    lock_person(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(shares_plans=shares))
    remember(
        session, user_id=user_id, by=by, action="account.plans_shared", subject=str(user_id),
        now=now, shares=shares,
    )  # fmt: skip


def _lock_teams(session: Session) -> None:
    """Two changes of the tree at once could make a circle; SQLite's writers wait by themselves."""
    session.execute(sa.select(Team.id).order_by(Team.id).with_for_update())
