"""Where notifications listen to the rooms below: what happened, and to whom that matters."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth.sessions import add_actor_column
from roadmap.core.signals import (
    invitation_ended,
    managers_changed,
    person_changed,
    user_invited,
)
from roadmap.evidence.constants import SHARED_STATES
from roadmap.evidence.models import Evidence
from roadmap.mail.outbox import register_delivery_check
from roadmap.notifications import actions, invitation_notices, manager_changes, retraction
from roadmap.notifications.queries import unread_count
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import people_of, team_tree
from roadmap.people.roles import ROLES, Capability

JUDGEMENTS = {"evidence.verified": "verified", "evidence.returned": "returned"}
# Somebody leads fewer people than before. Where a whole team goes, `leaders_changed` says so once.
PARTINGS = frozenset({"membership.role_changed", "membership.removed", "membership.left"})
# What concerns anybody else. Everything else costs one look into this set: a tick passes by.
HEARD = PARTINGS | {
    *JUDGEMENTS,
    "membership.added",
    "evidence.submitted",
    "evidence.withdrawn",
    "evidence.edited",
    "evidence.deleted",
    "comment.added",
    "skill.assessed",
}


def _person_changed(
    session: Session,
    *,
    user_id: uuid.UUID,
    action: str,
    subject: str,
    by: uuid.UUID | None,
    row_id: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
    **_more: Any,
) -> None:
    if action not in HEARD:
        return
    if action in PARTINGS:
        if not data.get("with_team"):
            _settle(session, sa.select(sa.literal(user_id, sa.Uuid)))
            _leads(session, user_id, by=by, data=data, now=now)
    elif action == "membership.added":
        # Who accepted an invitation has joined by themselves.
        if by != user_id:
            _added(session, user_id, by=by, data=data, now=now)
        invitation_notices.remove_invitation_notices(
            session, uuid.UUID(data["team"]), user_id=user_id
        )
        _leads(session, user_id, by=by, data=data, now=now)
    elif action == "skill.assessed":
        if data["side"] == "manager" and by is not None:
            person, assessor = session.get_one(User, user_id), session.get_one(User, by)
            actions.notify_assessed(session, person, subject, by=assessor, now=now)
    else:
        _about_a_piece(
            session, uuid.UUID(subject), action, by=by, row_id=row_id, data=data, now=now
        )


def _added(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
) -> None:
    person, team = session.get_one(User, user_id), session.get_one(Team, uuid.UUID(data["team"]))
    actor_name = session.get_one(User, by).name if by is not None else ""
    actions.notify_added(session, person, team, data["role"], actor_name=actor_name, now=now)


def _leads(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
) -> None:
    """Tell a team that somebody sees its people from now on, or take that back."""
    team_id = uuid.UUID(data["team"])
    role = ROLES.get(data.get("role", ""))
    if role is not None and role.allows(Capability.SEE_SHARED):
        person, team = session.get_one(User, user_id), session.get_one(Team, team_id)
        manager_changes.notify_new_manager(session, person, team, data["role"], by=by, now=now)
    elif data.get("before") is not None or "role" not in data:
        manager_changes.remove_manager_notices(session, user_id, team_id)


def _about_a_piece(
    session: Session,
    evidence_id: uuid.UUID,
    action: str,
    *,
    by: uuid.UUID | None,
    row_id: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
) -> None:
    piece = session.get(Evidence, evidence_id) if action != "evidence.deleted" else None
    if piece is None or not piece.is_shared:
        # Of what was a draft before an edit nobody was told: most edits are of drafts.
        if action != "evidence.edited" or data["state"][0] in SHARED_STATES:
            retraction.retract_evidence(session, evidence_id)
        return
    author, title = session.get_one(User, piece.user_id), piece.title
    if action == "evidence.submitted" or (action == "evidence.edited" and _waits_anew(data)):
        actions.notify_submitted(session, author, evidence_id, title=title, now=now)
    elif by is None or action == "evidence.edited" or row_id is None:
        return
    elif action in JUDGEMENTS:
        actions.notify_decided(
            session, author, evidence_id, JUDGEMENTS[action],
            review_id=row_id, title=title, by=session.get_one(User, by), now=now,
        )  # fmt: skip
    elif action == "comment.added":
        actions.notify_commented(
            session,
            author,
            evidence_id,
            row_id,
            title=title,
            by=session.get_one(User, by),
            now=now,
        )


def _waits_anew(data: dict[str, Any]) -> bool:
    """Whether an edit asked for a review by itself: of what was verified, or being read."""
    before, after = data["state"]
    return after == "submitted" and before != "submitted"


def _invited(
    session: Session,
    *,
    user_id: uuid.UUID,
    team: Team | None,
    by_name: str,
    now: dt.datetime,
    **_more: Any,
) -> None:
    invitation_notices.notify_invited(
        session, session.get_one(User, user_id), team, actor_name=by_name, now=now
    )


def _invitation_ended(
    session: Session,
    *,
    email_key: str,
    team: Team | None,
    role: str,
    invited_by: uuid.UUID | None,
    accepted_by: uuid.UUID | None,
    joined: bool,
    now: dt.datetime,
    **_more: Any,
) -> None:
    if team is not None:
        invitation_notices.remove_invitation_notices(
            session, team.id, user_id=accepted_by, email_key=email_key
        )
    if joined and accepted_by and invited_by and invited_by != accepted_by:
        inviter, person = session.get_one(User, invited_by), session.get_one(User, accepted_by)
        invitation_notices.notify_joined(session, inviter, person, team, role, now=now)


def _leaders_changed(
    session: Session,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
    team: Team | None = None,
    previous_parent_id: uuid.UUID | None = None,
    person: uuid.UUID | None = None,
    **_more: Any,
) -> None:
    if team is not None:
        _settle(
            session,
            sa.select(Membership.user_id).where(Membership.team_id.in_(team_tree(team.id))),
        )
        manager_changes.notify_team_moved(session, team, previous_parent_id, by=by, now=now)
    elif person is not None:
        people = people_of(person, Capability.SEE_SHARED, even_deactivated=True)
        everybody = sa.union(people, sa.select(sa.literal(person, sa.Uuid))).subquery()
        _settle(session, sa.select(everybody))
        if session.get_one(User, person, populate_existing=True).deactivated_at is None:
            manager_changes.notify_manager_reactivated(session, person, by=by, now=now)
    else:
        _settle(session)


def _settle(session: Session, people: sa.Select[Any] | None = None) -> None:
    """People may have other leaders now, or lead others: what is true no more goes."""
    retraction.retract_from_former_managers(session, people)
    manager_changes.remove_outdated_notices(session, people)


def init_notify(_app: Flask) -> None:
    """Connects the listeners, more than once is no harm, and counts what is unread."""
    person_changed.connect(_person_changed)
    user_invited.connect(_invited)
    invitation_ended.connect(_invitation_ended)
    managers_changed.connect(_leaders_changed)
    register_delivery_check(actions.MAIL_SOURCE, retraction.may_send)
    add_actor_column("unread", unread_count())
