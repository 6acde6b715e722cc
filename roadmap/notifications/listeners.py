"""Listen to the rooms below, and hand each event to the kinds of notifications that follow it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from roadmap.auth.sessions import add_actor_column
from roadmap.core.signals import (
    invitation_ended,
    managers_changed,
    person_changed,
    team_deleting,
    user_invited,
)
from roadmap.mail.outbox import register_delivery_check
from roadmap.notifications import retraction
from roadmap.notifications.kind import Event
from roadmap.notifications.kinds import FOLLOWERS
from roadmap.notifications.models import MAIL_SOURCE
from roadmap.notifications.queries import unread_count

# Everything else, such as a tick, costs one look into this set.
FOLLOWED = retraction.FOLLOWS | FOLLOWERS.keys()


def init_notifications(_app: Flask) -> None:
    """Connect the listeners, check mails before they are sent, and count what is unread."""
    person_changed.connect(_on_person_changed)
    user_invited.connect(_on_user_invited)
    invitation_ended.connect(_on_invitation_ended)
    managers_changed.connect(_on_managers_changed)
    team_deleting.connect(_on_team_deleting)
    register_delivery_check(MAIL_SOURCE, retraction.may_send)
    add_actor_column("unread", unread_count())


def _on_person_changed(
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
    if action in FOLLOWED:
        _handle(Event(session, action, now, user_id, subject, by, row_id, data))


def _on_user_invited(
    session: Session, *, user_id: uuid.UUID, now: dt.datetime, **data: Any
) -> None:
    _handle(Event(session, "invitation.sent", now, user_id, data=data))


def _on_invitation_ended(session: Session, *, now: dt.datetime, **data: Any) -> None:
    _handle(Event(session, "invitation.ended", now, data=data))


def _on_managers_changed(
    session: Session, *, by: uuid.UUID | None, now: dt.datetime, **data: Any
) -> None:
    _handle(Event(session, "managers.changed", now, by=by, data=data))


def _on_team_deleting(
    session: Session, *, by: uuid.UUID | None, now: dt.datetime, **data: Any
) -> None:
    _handle(Event(session, "team.deleting", now, by=by, data=data))


def _handle(event: Event) -> None:
    if event.action in retraction.FOLLOWS:
        retraction.retract(event)
    for kind in FOLLOWERS.get(event.action, ()):
        kind.handle(event)
