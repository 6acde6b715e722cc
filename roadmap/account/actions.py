"""Change the profile and the preferences of an account."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from roadmap.people.history import record_history
from roadmap.people.locks import lock_and_load_user, lock_user
from roadmap.people.models import User
from roadmap.people.rules import changed_fields

# Preferences by column of `user`, each with its action in the history and the name of its value
# there. `wants_mail` also applies to notifications that are waiting to be sent.
PREFERENCES = {
    "wants_mail": ("account.mail_wanted", "wants"),
    "uses_single_keys": ("account.single_keys", "uses"),
    "shares_plans": ("account.plans_shared", "shares"),
    "shares_tools": ("account.tools_shared", "shares"),
}


def change_profile(
    session: Session,
    user_id: uuid.UUID,
    *,
    read: Mapping[str, str] | None = None,
    now: dt.datetime,
    **values: str,
) -> None:
    """Change the given ones of name, time zone, theme and locale. Raises EditConflict.

    `read` has the values when the form was opened; fields still equal to them are not written.
    """
    person = lock_and_load_user(session, user_id)
    changed = changed_fields(values, read or {}, {name: getattr(person, name) for name in values})
    for name, value in changed.items():
        setattr(person, name, value)
    if changed:
        fields = sorted(changed)
        record_history(session, user_id, "account.changed", by=user_id, now=now, fields=fields)


def set_preference(
    session: Session, user_id: uuid.UUID, name: str, is_on: bool, *, now: dt.datetime
) -> None:
    """Turn one of `PREFERENCES` on or off."""
    action, noted_as = PREFERENCES[name]
    noted: dict[str, Any] = {noted_as: is_on}
    lock_user(session, user_id)
    session.execute(sa.update(User).where(User.id == user_id).values({name: is_on}))
    record_history(session, user_id, action, by=user_id, now=now, **noted)
