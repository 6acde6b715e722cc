"""Writing notifications: who is told of what, and what is taken back. The request commits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.accounts import mail, outbox
from roadmap.core.types import new_id
from roadmap.evidence.models import Comment, Review
from roadmap.notify import letters
from roadmap.notify.models import Notification
from roadmap.people.models import Membership, Team, User
from roadmap.people.queries import managers_of

# How long what was read is kept.
KEPT = dt.timedelta(days=90)

_ROWS: Any = Notification.__table__
_USERS: Any = User.__table__
_REVIEWS: Any = Review.__table__
_COMMENTS: Any = Comment.__table__
_TEAMS: Any = Team.__table__
_MEMBERS: Any = Membership.__table__

# What a manager is told of somebody else's piece; only while they may see it.
_OF_OTHERS = _ROWS.c.about_id != _ROWS.c.user_id
_UNREAD = _ROWS.c.read_at.is_(None)


def tell(
    session: Session,
    readers: Iterable[User],
    kind: str,
    *,
    about: User,
    evidence_id: uuid.UUID | None = None,
    title: str = "",
    by_name: str,
    now: dt.datetime,
    mails: bool = True,
    **data: Any,
) -> None:
    """One row for each reader, and a mail where mail is configured.

    `title` stands in the mail only: the caller knows that each reader may see it at this moment.
    """
    for reader in readers:
        if mails and mail.is_configured():
            letter = letters.write(
                kind, reader, about=about, evidence_id=evidence_id, title=title,
                by_name=by_name, data=data,
            )  # fmt: skip
            outbox.put(
                session,
                to=reader.email,
                subject=letter.subject,
                body=letter.body,
                user_id=reader.id,
                now=now,
            )
        session.execute(
            sa.insert(_ROWS),
            {
                "id": new_id(),
                "user_id": reader.id,
                "kind": kind,
                "about_id": about.id,
                "evidence_id": evidence_id,
                "by_name": by_name,
                "data": data,
                "created_at": now,
            },
        )


def submitted(
    session: Session, author: User, evidence_id: uuid.UUID, *, title: str, now: dt.datetime
) -> None:
    """Everybody who may review it is told; what they have not read of an earlier one goes."""
    session.execute(
        sa.delete(_ROWS).where(
            _ROWS.c.evidence_id == evidence_id,
            _ROWS.c.kind.in_(("submitted", "resubmitted")),
            _UNREAD,
        )
    )
    again = session.scalar(sa.select(sa.exists().where(_REVIEWS.c.evidence_id == evidence_id)))
    tell(
        session,
        managers_of(session, author.id),
        "resubmitted" if again else "submitted",
        about=author,
        evidence_id=evidence_id,
        title=title,
        by_name=author.name,
        now=now,
    )


def judged(
    session: Session,
    author: User,
    evidence_id: uuid.UUID,
    decision: str,
    *,
    title: str,
    by: User,
    now: dt.datetime,
) -> None:
    """The author is told; the reviewer has nothing left to read about the request."""
    session.execute(
        sa.update(_ROWS)
        .where(
            _ROWS.c.user_id == by.id,
            _ROWS.c.evidence_id == evidence_id,
            _ROWS.c.kind.in_(("submitted", "resubmitted")),
            _UNREAD,
        )
        .values(read_at=now)
    )
    said = session.scalar(
        sa.select(_REVIEWS.c.comment).where(
            _REVIEWS.c.evidence_id == evidence_id, _REVIEWS.c.decided_at == now
        )
    )
    tell(
        session, [author], decision, about=author, evidence_id=evidence_id, title=title,
        by_name=by.name, now=now, said=bool(said),
    )  # fmt: skip


def commented(
    session: Session,
    author: User,
    evidence_id: uuid.UUID,
    *,
    title: str,
    by: User,
    now: dt.datetime,
) -> None:
    """The author and those of their managers who took part are told, but for whoever wrote it."""
    took_part = set(
        session.scalars(
            sa.union(
                sa.select(_REVIEWS.c.reviewer_id).where(_REVIEWS.c.evidence_id == evidence_id),
                sa.select(_COMMENTS.c.by_id).where(_COMMENTS.c.evidence_id == evidence_id),
            )
        )
    )
    managers = [each for each in managers_of(session, author.id) if each.id in took_part]
    readers = [each for each in (author, *managers) if each.id != by.id]
    tell(
        session, readers, "comment", about=author, evidence_id=evidence_id, title=title,
        by_name=by.name, now=now,
    )  # fmt: skip


def assessed(
    session: Session, person: User, skill_key: str, *, by_name: str, now: dt.datetime
) -> None:
    """The person is told. Several skills, one after the other, are one row until it is read."""
    row = session.execute(
        sa.select(_ROWS.c.id, _ROWS.c.data).where(
            _ROWS.c.user_id == person.id,
            _ROWS.c.kind == "assessed",
            _ROWS.c.by_name == by_name,
            _UNREAD,
        )
    ).first()
    if row is None:
        tell(
            session, [person], "assessed", about=person, by_name=by_name, now=now,
            skills=[skill_key],
        )  # fmt: skip
        return
    skills = list(dict.fromkeys([*row.data["skills"], skill_key]))
    session.execute(
        sa.update(_ROWS)
        .where(_ROWS.c.id == row.id)
        .values(data={**row.data, "skills": skills}, created_at=now)
    )


def added(
    session: Session, person: User, team: Team, role: str, *, by_name: str, now: dt.datetime
) -> None:
    """Somebody who did not ask for it learns that they are in a team, and whose managers see what
    they share. `by_name` is empty where it was the command line."""
    tell(
        session, [person], "added", about=person, by_name=by_name, now=now,
        team=team.name, role=role,
    )  # fmt: skip


def take_back(session: Session, evidence_id: uuid.UUID) -> None:
    """A piece is shared no more: nobody but its author has anything unread about it, or a mail
    on its way."""
    session.execute(sa.delete(_ROWS).where(_OF_OTHERS, _UNREAD, _ROWS.c.evidence_id == evidence_id))
    outbox.take_back(session, letters.path_of_review(evidence_id))


def take_back_from_strangers(session: Session, person: uuid.UUID | None = None) -> None:
    """What is unread goes from those who do not manage its author any more.

    With `person` only what this person reads, or what is about them, is looked at.
    """
    strange = sa.delete(_ROWS).where(_OF_OTHERS, _UNREAD, ~_MANAGES)
    if person is not None:
        strange = strange.where(sa.or_(_ROWS.c.user_id == person, _ROWS.c.about_id == person))
    gone = session.execute(strange.returning(_ROWS.c.user_id, _ROWS.c.evidence_id)).all()
    if gone:
        outbox.take_back_from(
            session, {(row.user_id, letters.path_of_review(row.evidence_id)) for row in gone}
        )


def _manages() -> sa.ColumnElement[bool]:
    """Whether the reader of a row manages whom it concerns, as `managers_of` says it of one
    person. A closed account manages nobody, and nobody manages it."""
    leads = (
        sa.select(_MEMBERS.c.user_id.label("manager"), _MEMBERS.c.team_id.label("team"))
        .where(_MEMBERS.c.role == "manager")
        .cte("leads", recursive=True)
    )
    # UNION, not UNION ALL: teams that are nested in a circle end it.
    leads = leads.union(
        sa.select(leads.c.manager, _TEAMS.c.id).where(_TEAMS.c.parent_id == leads.c.team)
    )
    reader, author = _USERS.alias(), _USERS.alias()
    return sa.exists().where(
        leads.c.manager == _ROWS.c.user_id,
        _MEMBERS.c.team_id == leads.c.team,
        _MEMBERS.c.user_id == _ROWS.c.about_id,
        reader.c.id == _ROWS.c.user_id,
        reader.c.deactivated_at.is_(None),
        author.c.id == _ROWS.c.about_id,
        author.c.deactivated_at.is_(None),
    )


_MANAGES = _manages()


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
    old = sa.delete(_ROWS).where(_ROWS.c.read_at < now - KEPT)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]
