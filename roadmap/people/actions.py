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

from roadmap.core.signals import leaders_changed, team_ends
from roadmap.core.text import one_line
from roadmap.people.models import ROLES, Membership, Team, User
from roadmap.people.records import (
    By,
    TeamGone,
    audit,
    audit_each,
    lock_people,
    lock_person,
    lock_team,
    remember,
    remember_each,
    still_may,
)
from roadmap.people.rules import LONGEST_NAME, is_slug, to_write


class AccountClosed(ValueError):
    """A deactivated account is put into no team, and gets no other role there."""


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
    by: By,
    now: dt.datetime,
) -> Team:
    """Adds a team. Raises TeamRefused with slug, name, taken, or gone (the team above it)."""
    if not is_slug(slug):
        raise TeamRefused("slug")
    name = one_line(name)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise TeamRefused("name")
    team = Team(slug=slug, name=name, parent_id=parent_id, created_at=now)
    try:
        with session.begin_nested():
            session.add(team)
            session.flush()
    except IntegrityError:
        still_may(by, "admin.write")
        taken = session.scalar(sa.select(sa.exists().where(Team.slug == slug)))
        raise TeamRefused("taken" if taken else "gone") from None
    # Only now: it may have waited for another of the same slug, or for the team above.
    audit(session, by=still_may(by, "admin.write"), action="team.created", target=slug, now=now)
    return team


def change_team(
    session: Session,
    team: Team,
    *,
    name: str,
    parent_id: uuid.UUID | None,
    read: Mapping[str, Any] | None = None,
    by: By,
    now: dt.datetime,
) -> None:
    """Renames a team, or nests it elsewhere. Raises TeamRefused with name, circle or gone (the team
    above it), and TeamGone.

    The slug stays: addresses hold it. `read` are the `name` and `parent_id` that a form was opened
    with: a field that was left as it was stays as it is stored now. Raises ChangedMeanwhile where
    one that was not was changed by somebody else, too.
    """
    name = one_line(name)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise TeamRefused("name")
    _lock_teams(session)
    actor_id = still_may(by, "admin.write")
    if session.get(Team, team.id, populate_existing=True) is None:
        raise TeamGone(team.id)
    sent = {"name": name, "parent_id": parent_id}
    before = {"name": team.name, "parent_id": team.parent_id}
    changed = to_write(sent, read or {}, before)
    above = changed.get("parent_id")
    while above is not None:
        if above == team.id:
            raise TeamRefused("circle")
        found = session.execute(sa.select(Team.id, Team.parent_id).where(Team.id == above)).first()
        if found is None:
            raise TeamRefused("gone")
        above = found.parent_id
    if not changed:
        return
    for field, value in changed.items():
        setattr(team, field, value)
    session.flush()
    was = {"name": before["name"], "parent": str(before["parent_id"] or "")}
    audit(session, by=actor_id, action="team.changed", target=team.slug, now=now, before=was)
    if "parent_id" in changed:
        leaders_changed.send(
            session, team=team, was_below=before["parent_id"], by=actor_id, now=now
        )


def delete_team(session: Session, team: Team, *, by: By, now: dt.datetime) -> None:
    """Removes a team; the people and what they recorded stay. Raises TeamGone.

    The statements do not grow with its people: of their leaders `leaders_changed` tells once.
    """
    # All of them, because those nested in it change with it.
    _lock_teams(session)
    lock_people(session, sa.select(Membership.user_id).where(Membership.team_id == team.id))
    actor_id = still_may(by, "admin.write")
    if session.scalar(sa.select(Team.id).where(Team.id == team.id)) is None:
        raise TeamGone(team.id)
    team_ends.send(session, team=team, by=actor_id, now=now)
    # Below the locks: somebody may have left while we waited.
    gone = session.scalars(
        sa.delete(Membership).where(Membership.team_id == team.id).returning(Membership.user_id)
    ).all()
    done = "membership.removed"
    remember_each(
        session, gone, by=actor_id, action=done, subject=team.slug, now=now,
        team=str(team.id), with_team=True,
    )  # fmt: skip
    audit_each(session, gone, by=actor_id, action=done, target=team.slug, now=now)
    session.execute(sa.delete(Team).where(Team.id == team.id))
    session.expunge(team)
    audit(session, by=actor_id, action="team.deleted", target=team.slug, now=now)
    leaders_changed.send(session, by=actor_id, now=now)


def add_member(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    by: By,
    now: dt.datetime,
) -> bool:
    """Puts a person into a team with this role, or gives them this role there.

    False where nothing changed. Only an administrator may. Raises KeyError for an unknown role,
    AccountClosed and TeamGone.
    """
    actor_id = _hold(session, team, user_id, role, by, "admin.write")
    before = _role(session, team, user_id)
    return _give(session, team, user_id, role, before, by=actor_id, now=now)


def change_role(
    session: Session,
    team: Team,
    user_id: uuid.UUID,
    role: str,
    *,
    by: By,
    now: dt.datetime,
) -> bool:
    """Gives somebody who is in a team this role there; False where they have it already.

    Raises LookupError where they are not in it: nobody is pulled into a team by this. Else as
    `add_member`, but that whoever leads the team may.
    """
    actor_id = _hold(session, team, user_id, role, by, "team.members")
    before = _role(session, team, user_id)
    if before is None:
        raise LookupError(user_id)
    return _give(session, team, user_id, role, before, by=actor_id, now=now)


def _hold(
    session: Session, team: Team, user_id: uuid.UUID, role: str, by: By, right: str
) -> uuid.UUID | None:
    """Locks the team and the person, and answers who gives the role.

    Raises KeyError for an unknown role, TeamGone, NotEntitled and AccountClosed.
    """
    if role not in ROLES:
        raise KeyError(role)
    lock_team(session, team.id)
    lock_person(session, user_id)
    actor_id = still_may(by, right, team)
    if session.scalar(sa.select(User.deactivated_at).where(User.id == user_id)) is not None:
        raise AccountClosed(user_id)
    return actor_id


def _role(session: Session, team: Team, user_id: uuid.UUID) -> str | None:
    return session.scalar(
        sa.select(Membership.role).where(
            Membership.team_id == team.id, Membership.user_id == user_id
        )
    )


def _give(
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
    remember(
        session, user_id=user_id, by=by, action=done, subject=team.slug, now=now,
        team=str(team.id), role=role, before=before,
    )  # fmt: skip
    audit(
        session, by=by, action=done, target=team.slug, now=now,
        person=str(user_id), role=role, before=before,
    )  # fmt: skip
    return True


def remove_member(
    session: Session, team: Team, user_id: uuid.UUID, *, by: By, now: dt.datetime
) -> bool:
    """Takes a person out of a team: what a manager could see ends with the commit.

    What they verified stays, with their name. False where they were not in it. Whoever leads the
    team may; with the id of that person as `by` they leave by themselves.
    """
    lock_person(session, user_id)
    actor_id = still_may(by, "team.members", team)
    gone = session.execute(
        sa.delete(Membership).where(Membership.team_id == team.id, Membership.user_id == user_id)
    ).rowcount  # type: ignore[attr-defined]
    if not gone:
        return False
    left = actor_id == user_id
    done = "membership.left" if left else "membership.removed"
    remember(
        session, user_id=user_id, by=actor_id, action=done, subject=team.slug, now=now,
        team=str(team.id),
    )  # fmt: skip
    audit(session, by=actor_id, action=done, target=team.slug, now=now, person=str(user_id))
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
