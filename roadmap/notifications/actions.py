"""Create, mark and delete notifications. The request commits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from roadmap.core.database import count_changed
from roadmap.core.i18n import _, render_for
from roadmap.core.text import fold
from roadmap.core.types import new_id
from roadmap.evidence.models import Evidence
from roadmap.mail import outbox, transport
from roadmap.mail.models import OutgoingMail
from roadmap.notifications.kind import Content, Event, Kind, load_skill_titles
from roadmap.notifications.models import MAIL_SOURCE, Notification
from roadmap.people.models import Membership, Team, User
from roadmap.people.reach import allows, team_ancestors
from roadmap.people.roles import Capability

# Read notifications are deleted after this time.
RETENTION = dt.timedelta(days=90)

_ROWS: Any = Notification.__table__


def notify(
    kind: Kind,
    event: Event,
    readers: Sequence[User],
    *,
    about: User | None = None,
    actor: User | str | None = None,
    team: Team | None = None,
    evidence: Evidence | None = None,
    quote: str = "",
    data: dict[str, Any] | None = None,
    **ids: uuid.UUID | None,
) -> None:
    """Insert a notification for each reader, and a mail for those who want one, in two statements.

    `about` is the person concerned, by default each reader. `actor` is the person named, a plain
    name if they have no account, and by default the event's actor. `quote` is the text of a review
    or comment, or the reason for withdrawing a review. The caller ensures that each reader may see
    the title of the evidence and `quote`; both are only stored in the mail. `data` holds JSON
    values, and `ids` values of the columns `review_id` and `comment_id`.
    """
    keyed = [(new_id(), reader) for reader in readers]
    if not keyed:
        return
    session, data = event.session, data or {}
    if team is not None:
        data = {"team": team.name, **data}
    actor = event.actor if actor is None else actor
    actor_name = actor.name if isinstance(actor, User) else actor or ""
    if transport.is_configured():
        skills = load_skill_titles(session, data.get("skills", ()))
        mails = []
        for key, reader in keyed:
            subject = about or reader
            content = Content(
                actor_name=actor_name, subject_name=subject.name, own=subject.id == reader.id,
                evidence_id=evidence.id if evidence else None, quote=quote,
                title=evidence.title if evidence else data.get("title", ""),
                skills=tuple(skills.items()), data=data,
            )  # fmt: skip
            # An unconfirmed address, which may be somebody else's, has no `email_key`.
            if reader.email_key and (reader.wants_mail or kind.is_always_mailed):
                mails.append(_render_mail(kind, reader, content, key))
        outbox.enqueue(session, *filter(None, mails), now=event.now)
    values = {
        "kind": kind.key, "evidence_id": evidence.id if evidence else None,
        "team_id": team.id if team else None, "actor_name": actor_name,
        "actor_id": actor.id if isinstance(actor, User) else None,
        "data": data, "created_at": event.now, **ids,
    }  # fmt: skip
    rows = [
        {"id": key, "user_id": reader.id, "subject_user_id": (about or reader).id, **values}
        for key, reader in keyed
    ]
    session.execute(sa.insert(_ROWS), rows)


def notify_member(kind: Kind, event: Event, role: str, **data: str) -> None:
    """Notify the event's person of a change to their `role` in a team."""
    notify(kind, event, [event.person], data={"team": event.team.name, "role": role, **data})


def notify_others(
    kind: Kind,
    event: Event,
    readers: sa.Select[Any],
    *,
    exclude: sa.Select[Any] | sa.CompoundSelect[Any] | None = None,
    **data: str,
) -> None:
    """Notify these people, except the actor, of a change to a team, in a few statements."""
    people = sa.select(User).where(
        User.id.in_(readers), User.id != event.by, User.deactivated_at.is_(None)
    )
    if exclude is not None:
        people = people.where(User.id.not_in(exclude))
    data = {"team": event.data["team"].name, **data}
    notify(kind, event, event.session.scalars(people).all(), data=data)


def select_viewers(team_id: uuid.UUID | None) -> sa.Select[Any]:
    """Select the ids of people whose role in a team or its ancestors lets them see its evidence.

    Selects nothing for None.
    """
    return sa.select(Membership.user_id).where(
        Membership.team_id.in_(team_ancestors(team_id)), allows(Capability.SEE_SHARED)
    )


def nested_names(event: Event) -> str:
    """Return the sorted names of the teams directly below the event's team, comma-separated."""
    nested = sa.select(Team.name).where(Team.parent_id == event.data["team"].id)
    return ", ".join(sorted(event.session.scalars(nested), key=fold))


def notify_managers(
    kind: Kind,
    event: Event,
    lowest: uuid.UUID,
    *,
    also_managing: uuid.UUID | None = None,
    **data: str,
) -> None:
    """Notify the managers of the team `lowest` and its ancestors of a membership.

    Skips the member, the actor, and people already notified of the event. With `also_managing`,
    notifies only people who manage that team as well. `data` is stored with the notification.
    """
    manages = sa.select(Membership.user_id).where(allows(Capability.MANAGE_TEAM))
    managers = sa.select(User).where(
        User.id.in_(manages.where(Membership.team_id.in_(team_ancestors(lowest)))),
        User.id.not_in([key for key in (event.user_id, event.by) if key]),
        User.deactivated_at.is_(None),
    )
    if also_managing is not None:
        there = manages.where(Membership.team_id.in_(team_ancestors(also_managing)))
        managers = managers.where(User.id.in_(there))
    readers = [each for each in event.session.scalars(managers) if each.id not in event.notified]
    event.notified.update(reader.id for reader in readers)
    notify(kind, event, readers, actor=event.person, team=event.team, data=data)


def _render_mail(
    kind: Kind, reader: User, content: Content, notification_id: uuid.UUID
) -> OutgoingMail | None:
    """Render the mail in the reader's language; None for a kind that is not mailed."""
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    with render_for(reader):
        if (mail := kind.mail(content)) is None:
            return None
        body = _(
            "Hello %(name)s,\n\n%(what)s\n\n%(link)s\n\n%(why)s\n",
            name=reader.name,
            what=mail.text,
            link=base + mail.path,
            why=mail.reason,
        )
        if not kind.is_always_mailed:
            switch = f"{base}/account#mail"
            body += _("You can turn off mails like this: %(switch)s", switch=switch) + "\n"
    return OutgoingMail(
        recipient=reader.email,
        subject=mail.subject,
        body=body,
        user_id=reader.id,
        # A mail without a source is sent without a delivery check.
        source_kind="" if kind.is_always_mailed else MAIL_SOURCE,
        source_id=None if kind.is_always_mailed else notification_id,
    )


def mark_read(session: Session, notification: Notification, *, now: dt.datetime) -> None:
    """Mark a notification as read, unless it already is."""
    if notification.read_at is None:
        notification.read_at = now
        session.flush()


def mark_all_read(
    session: Session, user_id: uuid.UUID, *, until: dt.datetime, now: dt.datetime
) -> None:
    """Mark the notifications created until a moment as read."""
    unread = sa.update(_ROWS).where(_ROWS.c.user_id == user_id, _ROWS.c.read_at.is_(None))
    session.execute(unread.where(_ROWS.c.created_at <= until).values(read_at=now))


def prune(session: Session, *, now: dt.datetime) -> int:
    """Delete notifications that were read before RETENTION, and return their number."""
    old = sa.delete(_ROWS).where(_ROWS.c.read_at < now - RETENTION)
    return count_changed(session, old)
