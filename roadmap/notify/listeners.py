"""Where notifications listen to the rooms below: what happened, and to whom that matters."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from roadmap.accounts.outbox import ask_before
from roadmap.accounts.sessions import know_more
from roadmap.core.signals import (
    invitation_ended,
    invited,
    leaders_changed,
    person_changed,
    team_ends,
)
from roadmap.evidence.models import Evidence
from roadmap.evidence.words import SHARED_STATES
from roadmap.notify import actions, joining, leading, taking_back
from roadmap.notify.queries import unread_count
from roadmap.people.models import Membership, Team, User
from roadmap.people.queries import nested_in

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
        joining.no_longer_invited(session, uuid.UUID(data["team"]), user_id=user_id)
        _leads(session, user_id, by=by, data=data, now=now)
    elif action == "skill.assessed":
        if data["side"] == "other" and by is not None:
            person, assessor = session.get_one(User, user_id), session.get_one(User, by)
            actions.assessed(session, person, subject, by_name=assessor.name, now=now)
    else:
        _about_a_piece(session, uuid.UUID(subject), action, by=by, data=data, now=now)


def _added(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
) -> None:
    person, team = session.get_one(User, user_id), session.get_one(Team, uuid.UUID(data["team"]))
    by_name = session.get_one(User, by).name if by is not None else ""
    actions.added(session, person, team, data["role"], by_name=by_name, now=now)


def _leads(
    session: Session,
    user_id: uuid.UUID,
    *,
    by: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
) -> None:
    """Somebody became a manager of a team, or ceased to be one, or never was."""
    team_id = uuid.UUID(data["team"])
    if data.get("role") == "manager":
        person, team = session.get_one(User, user_id), session.get_one(Team, team_id)
        leading.leads(session, person, team, by=by, now=now)
    elif data.get("before") is not None or "role" not in data:
        leading.leads_no_more(session, user_id, team_id)


def _about_a_piece(
    session: Session,
    evidence_id: uuid.UUID,
    action: str,
    *,
    by: uuid.UUID | None,
    data: dict[str, Any],
    now: dt.datetime,
) -> None:
    piece = session.get(Evidence, evidence_id) if action != "evidence.deleted" else None
    if piece is None or not piece.is_shared:
        # Of what was a draft before an edit nobody was told: most edits are of drafts.
        if action != "evidence.edited" or data["state"][0] in SHARED_STATES:
            taking_back.take_back(session, evidence_id)
        return
    author, title = session.get_one(User, piece.user_id), piece.title
    if action == "evidence.submitted" or (action == "evidence.edited" and _waits_anew(data)):
        actions.submitted(session, author, evidence_id, title=title, now=now)
    elif by is None or action == "evidence.edited":
        return
    elif action in JUDGEMENTS:
        actions.judged(
            session, author, evidence_id, JUDGEMENTS[action], title=title,
            by=session.get_one(User, by), now=now,
        )  # fmt: skip
    elif action == "comment.added":
        actions.commented(
            session, author, evidence_id, title=title, by=session.get_one(User, by), now=now
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
    joining.invited(session, session.get_one(User, user_id), team, by_name=by_name, now=now)


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
        joining.no_longer_invited(session, team.id, user_id=accepted_by, email_key=email_key)
    if joined and accepted_by and invited_by and invited_by != accepted_by:
        inviter, person = session.get_one(User, invited_by), session.get_one(User, accepted_by)
        joining.joined(session, inviter, person, team, role, now=now)


def _leaders_changed(
    session: Session,
    *,
    by: uuid.UUID | None,
    now: dt.datetime,
    team: Team | None = None,
    was_below: uuid.UUID | None = None,
    person: uuid.UUID | None = None,
    **_more: Any,
) -> None:
    if team is not None:
        _settle(
            session,
            sa.select(Membership.user_id).where(Membership.team_id.in_(nested_in(team.id))),
        )
        leading.moved(session, team, was_below, by=by, now=now)
    elif person is not None:
        _settle(session, leading.those_led_by(person))
        if session.get_one(User, person, populate_existing=True).deactivated_at is None:
            leading.leads_again(session, person, by=by, now=now)
    else:
        _settle(session)


def _settle(session: Session, people: sa.Select[Any] | None = None) -> None:
    """People may have other leaders now, or lead others: what is true no more goes."""
    taking_back.take_back_from_strangers(session, people)
    leading.settle(session, people)


def _team_ends(session: Session, *, team: Team, **_more: Any) -> None:
    joining.team_ends(session, team)


def init_notify(_app: Flask) -> None:
    """Connects the listeners, more than once is no harm, and counts what is unread."""
    person_changed.connect(_person_changed)
    invited.connect(_invited)
    invitation_ended.connect(_invitation_ended)
    leaders_changed.connect(_leaders_changed)
    team_ends.connect(_team_ends)
    ask_before(taking_back.may_leave)
    know_more("unread", unread_count())
