"""Writing notifications: who is told of what. The request commits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.core.types import new_id
from roadmap.evidence.assignment import assigned_reviewer
from roadmap.evidence.models import Comment, Evidence, Review
from roadmap.mail import outbox, transport
from roadmap.notifications import emails
from roadmap.notifications.models import Notification
from roadmap.people.models import Team, User
from roadmap.people.reach import holders_of
from roadmap.people.roles import Capability

# How long what was read is kept.
RETENTION = dt.timedelta(days=90)
# The kind of source of the mails about notifications.
MAIL_SOURCE = "notification"

_ROWS: Any = Notification.__table__
_REVIEWS: Any = Review.__table__
_COMMENTS: Any = Comment.__table__
_UNREAD = _ROWS.c.read_at.is_(None)


def create_notifications(
    session: Session,
    readers: Sequence[User],
    kind: str,
    *,
    about: User,
    evidence_id: uuid.UUID | None = None,
    title: str = "",
    actor_id: uuid.UUID | None = None,
    actor_name: str,
    review_id: uuid.UUID | None = None,
    comment_id: uuid.UUID | None = None,
    team_id: uuid.UUID | None = None,
    now: dt.datetime,
    mails: bool = True,
    **data: Any,
) -> None:
    """One row for each reader, and a mail to those who want it where mail is configured; two
    statements at most.

    `title` stands in the mail only: the caller knows that each reader may see it at this moment.
    """
    keyed = [(new_id(), reader) for reader in readers]
    if not keyed:
        return
    if mails and transport.is_configured():
        written = [
            (key, reader, emails.render_email(
                kind, reader, about=about, evidence_id=evidence_id, title=title,
                actor_name=actor_name, data=data,
            ))
            for key, reader in keyed
            if reader.wants_mail
        ]  # fmt: skip
        outbox.enqueue_each(
            session,
            [
                outbox.Mail(
                    reader.email,
                    letter.subject,
                    letter.body,
                    reader.id,
                    outbox.Source(MAIL_SOURCE, key),
                )
                for key, reader, letter in written
            ],
            now=now,
        )
    session.execute(
        sa.insert(_ROWS),
        [
            {
                "id": key,
                "user_id": reader.id,
                "kind": kind,
                "subject_user_id": about.id,
                "evidence_id": evidence_id,
                "review_id": review_id,
                "comment_id": comment_id,
                "team_id": team_id,
                "actor_id": actor_id,
                "actor_name": actor_name,
                "data": data,
                "created_at": now,
            }
            for key, reader in keyed
        ],
    )


def notify_submitted(
    session: Session, author: User, evidence_id: uuid.UUID, *, title: str, now: dt.datetime
) -> None:
    """Everybody who may review it is told; what they have not read of an earlier one goes."""
    asked = _review_request_ids(session, evidence_id)
    session.execute(sa.delete(_ROWS).where(*_is_review_request(evidence_id), _UNREAD))
    outbox.withdraw(session, MAIL_SOURCE, asked)
    again = session.scalar(sa.select(sa.exists().where(_REVIEWS.c.evidence_id == evidence_id)))
    create_notifications(
        session,
        holders_of(session, author.id, Capability.REVIEW),
        "resubmitted" if again else "submitted",
        about=author,
        evidence_id=evidence_id,
        title=title,
        actor_id=author.id,
        actor_name=author.name,
        now=now,
    )


def notify_decided(
    session: Session,
    author: User,
    evidence_id: uuid.UUID,
    decision: str,
    *,
    review_id: uuid.UUID,
    title: str,
    by: User,
    now: dt.datetime,
) -> None:
    """The author is told; nobody who was asked has anything left to read about it, or a mail on
    its way: what was asked for is done."""
    asked = _review_request_ids(session, evidence_id)
    session.execute(
        sa.update(_ROWS).where(*_is_review_request(evidence_id), _UNREAD).values(read_at=now)
    )
    outbox.withdraw(session, MAIL_SOURCE, asked)
    said = session.scalar(sa.select(_REVIEWS.c.comment).where(_REVIEWS.c.id == review_id))
    create_notifications(
        session, [author], decision, about=author, evidence_id=evidence_id, title=title,
        review_id=review_id, actor_id=by.id, actor_name=by.name, now=now, said=bool(said),
    )  # fmt: skip


def _is_review_request(evidence_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """What asks for a review of a piece: of its newest version, whenever that was submitted."""
    return _ROWS.c.evidence_id == evidence_id, _ROWS.c.kind.in_(("submitted", "resubmitted"))


def _review_request_ids(session: Session, evidence_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Of the rows, and so of their mails. Rows are always written before mails are taken back: no
    two who do so wait for each other."""
    return session.scalars(sa.select(_ROWS.c.id).where(*_is_review_request(evidence_id))).all()


def notify_commented(
    session: Session,
    author: User,
    evidence_id: uuid.UUID,
    comment_id: uuid.UUID,
    *,
    title: str,
    by: User,
    now: dt.datetime,
) -> None:
    """The author and those of their managers who took part are told, but for whoever wrote it.

    Whoever has taken it up for review takes part as well.
    """
    took_part = set(
        session.scalars(
            sa.union(
                sa.select(_REVIEWS.c.reviewer_id).where(_REVIEWS.c.evidence_id == evidence_id),
                sa.select(_COMMENTS.c.author_id).where(_COMMENTS.c.evidence_id == evidence_id),
            )
        )
    )
    managers = holders_of(session, author.id, Capability.COMMENT)
    reader = assigned_reviewer(session, session.get_one(Evidence, evidence_id), managers)
    took_part |= {reader.id} if reader else set()
    managers = [each for each in managers if each.id in took_part]
    readers = [each for each in (author, *managers) if each.id != by.id]
    create_notifications(
        session, readers, "comment", about=author, evidence_id=evidence_id, title=title,
        comment_id=comment_id, actor_id=by.id, actor_name=by.name, now=now,
    )  # fmt: skip


def notify_assessed(
    session: Session, person: User, skill_key: str, *, by: User, now: dt.datetime
) -> None:
    """The person is told. Several skills, one after the other, are one row until it is read."""
    row = session.execute(
        sa.select(_ROWS.c.id, _ROWS.c.data).where(
            _ROWS.c.user_id == person.id,
            _ROWS.c.kind == "assessed",
            _ROWS.c.actor_id == by.id,
            _UNREAD,
        )
    ).first()
    if row is None:
        create_notifications(
            session, [person], "assessed", about=person, actor_id=by.id, actor_name=by.name,
            now=now, skills=[skill_key],
        )  # fmt: skip
        return
    skills = list(dict.fromkeys([*row.data["skills"], skill_key]))
    session.execute(
        sa.update(_ROWS)
        .where(_ROWS.c.id == row.id)
        .values(data={**row.data, "skills": skills}, created_at=now)
    )


def notify_added(
    session: Session, person: User, team: Team, role: str, *, actor_name: str, now: dt.datetime
) -> None:
    """Somebody who did not ask for it learns that they are in a team, and whose managers see what
    they share. `actor_name` is empty where it was the command line."""
    create_notifications(
        session, [person], "added", about=person, actor_name=actor_name, now=now,
        team=team.name, role=role,
    )  # fmt: skip


def mark_read(session: Session, notification: Notification, *, now: dt.datetime) -> None:
    """Marks one as read; reading twice is the same as once."""
    if notification.read_at is None:
        notification.read_at = now
        session.flush()


def mark_all_read(
    session: Session, user_id: uuid.UUID, *, until: dt.datetime, now: dt.datetime
) -> None:
    """Marks everything as read that came no later than `until`: what the person could see."""
    session.execute(
        sa.update(_ROWS)
        .where(_ROWS.c.user_id == user_id, _UNREAD, _ROWS.c.created_at <= until)
        .values(read_at=now)
    )


def prune(session: Session, *, now: dt.datetime) -> int:
    """Removes what was read three months ago; returns how many rows that were."""
    old = sa.delete(_ROWS).where(_ROWS.c.read_at < now - RETENTION)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
