"""Write what people change on their account page."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.history import record_history
from roadmap.people.locks import lock_user
from roadmap.people.models import User
from roadmap.people.rules import changed_fields


def change_profile(
    session: Session,
    user_id: uuid.UUID,
    *,
    read: Mapping[str, str] | None = None,
    by: uuid.UUID,
    now: dt.datetime,
    **values: str,
) -> None:
    """Change name, headline, time zone, theme or locale; leave out what stays.

    `read` is what the form was opened with: a field that still has this value is not written.
    Raises EditConflict if another one was changed elsewhere in the meantime.
    """
    lock_user(session, user_id)
    person = session.get_one(User, user_id, populate_existing=True)
    changed = changed_fields(values, read or {}, {name: getattr(person, name) for name in values})
    for name, value in changed.items():
        setattr(person, name, value)
    if changed:
        record_history(
            session, user_id=user_id, by=by, action="account.changed", subject=str(user_id),
            now=now, fields=sorted(changed),
        )  # fmt: skip


def set_wants_mail(
    session: Session, user_id: uuid.UUID, wants: bool, *, by: uuid.UUID, now: dt.datetime
) -> None:
    """Set whether notifications are also mailed, including those that wait to be sent."""
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(wants_mail=wants))
    record_history(
        session, user_id=user_id, by=by, action="account.mail_wanted", subject=str(user_id),
        now=now, wants=wants,
    )  # fmt: skip


def set_single_keys(
    session: Session, user_id: uuid.UUID, uses: bool, *, by: uuid.UUID, now: dt.datetime
) -> None:
    """Set whether a letter alone is a shortcut."""
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values(uses_single_keys=uses))
    record_history(
        session, user_id=user_id, by=by, action="account.single_keys", subject=str(user_id),
        now=now, uses=uses,
    )  # fmt: skip
