"""The person who acts: what a request knows of who is signed in."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from roadmap.people.queries import administers, led_teams, managed_people, own_teams

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass
class Actor:
    """Someone who acts, loaded in one statement with their session.

    Flask-Login's contract is the four properties at the end. `token` is the secret of the
    session cookie; `version` is the person's version when the request began.
    """

    id: uuid.UUID
    name: str
    email: str
    is_admin: bool = False
    timezone: str = "UTC"
    locale: str = "en"
    theme: str = "system"
    version: int = 1
    token: str = ""
    session_id: uuid.UUID | None = None
    fresh_at: dt.datetime | None = None
    manages: bool = False
    # How many notifications wait unread. A higher room counts them, see `sessions.know_more`.
    unread: int = 0
    # What a personal token of the API may do; None with a browser's session.
    scope: str | None = None
    session: Session | None = field(default=None, repr=False, compare=False)

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.token

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def today(self, now: dt.datetime) -> dt.date:
        """The person's own date at the moment `now`."""
        return now.astimezone(self.zone).date()

    def days_since(self, moment: dt.datetime, now: dt.datetime) -> int:
        """Days of the person's own calendar since a moment; none where it is yet to come."""
        return max(0, (self.today(now) - self.today(moment)).days)

    @cached_property
    def managed_people(self) -> frozenset[uuid.UUID]:
        """Ids of the people in all teams that this person leads, without themselves."""
        return managed_people(self.session, self.id) if self.session is not None else frozenset()

    @cached_property
    def led_teams(self) -> frozenset[uuid.UUID]:
        """Ids of the teams that this person manages, and of those nested in them."""
        return led_teams(self.session, self.id) if self.session is not None else frozenset()

    @cached_property
    def own_teams(self) -> frozenset[uuid.UUID]:
        """Ids of the teams that this person is in, in whatever role."""
        return own_teams(self.session, self.id) if self.session is not None else frozenset()

    def refresh_permissions(self) -> None:
        """Forgets whom this person leads and where they are, and asks again whether they still
        administer: it may have changed while they waited.

        Whoever decides below a lock what the actor may do calls it there (`records.lock_for`).
        """
        for name in ("managed_people", "led_teams", "own_teams"):
            vars(self).pop(name, None)
        if self.is_admin and self.session is not None:
            self.is_admin = administers(self.session, self.id)
