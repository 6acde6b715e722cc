"""Connect to the signals of lower packages, and pass events to the notification kinds."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from roadmap.auth.sessions import add_actor_column
from roadmap.core.signals import (
    PersonChange,
    invitation_ended,
    managers_changed,
    person_changed,
    team_deleting,
    user_invited,
)
from roadmap.mail.outbox import register_delivery_check
from roadmap.notifications import retraction
from roadmap.notifications.kind import Event
from roadmap.notifications.kinds import KINDS_BY_ACTION
from roadmap.notifications.models import MAIL_SOURCE
from roadmap.notifications.queries import unread_count

# Other actions, such as completing a milestone, cost one lookup in this set.
HANDLED_ACTIONS = retraction.HANDLED_ACTIONS | KINDS_BY_ACTION.keys()


@person_changed.connect
def _on_person_changed(session: Session, change: PersonChange) -> None:
    if change.action in HANDLED_ACTIONS:
        _handle(
            Event(
                session, change.action, change.now, change.user_id, change.subject, change.by,
                change.row_id, change.data,
            )
        )  # fmt: skip


def _on_signal(
    session: Session,
    *,
    action: str,
    now: dt.datetime,
    user_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
    **data: Any,
) -> None:
    _handle(Event(session, action, now, user_id, by=by, data=data))


def _handle(event: Event) -> None:
    if event.action in retraction.HANDLED_ACTIONS:
        retraction.retract(event)
    for kind in KINDS_BY_ACTION.get(event.action, ()):
        kind.handle(event)


# Signals hold weak references by default, which would not keep these.
user_invited.connect(partial(_on_signal, action="invitation.sent"), weak=False)
invitation_ended.connect(partial(_on_signal, action="invitation.ended"), weak=False)
managers_changed.connect(partial(_on_signal, action="managers.changed"), weak=False)
team_deleting.connect(partial(_on_signal, action="team.deleting"), weak=False)
register_delivery_check(MAIL_SOURCE, retraction.may_send)
add_actor_column("unread", unread_count())
