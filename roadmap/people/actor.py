"""The actor: the signed-in person of a request."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask_login import UserMixin

from roadmap.people import reach
from roadmap.people.queries import is_administrator, own_teams
from roadmap.people.roles import Capability, capabilities_of, highest_role


@dataclass
class Actor(UserMixin):
    """The signed-in person, loaded together with their session in one statement.

    `token` is the secret of the session cookie, `version` the version of the person when the
    request began, and `team_roles` the comma-separated roles that they have in their teams.
    """

    id: uuid.UUID
    name: str
    email: str
    email_key: str | None = None
    is_admin: bool = False
    timezone: str = "UTC"
    locale: str = "en"
    theme: str = "system"
    uses_single_keys: bool = True
    version: int = 1
    token: str = ""
    session_id: uuid.UUID | None = None
    # When they signed in, and when they last entered their password.
    signed_in_at: dt.datetime | None = None
    fresh_at: dt.datetime | None = None
    team_roles: str = ""
    # The number of unread notifications, provided by a higher package, see `add_actor_column`.
    unread: int = 0
    # Whether they are on a roadmap, provided by `progress` in the same way.
    is_enrolled: bool = False
    # The scope (a key of `scopes.SCOPES`) and name of the personal token. None for browsers.
    scope: str | None = None
    token_name: str = ""
    # Whether the operator lets tokens judge others.
    judges_by_token: bool = False
    session: Any = field(default=None, repr=False, compare=False)
    _by_person: dict[uuid.UUID, frozenset[Capability]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def get_id(self) -> str:
        return self.token

    @property
    def is_by_token(self) -> bool:
        """Return whether a script or agent acts for this person with a personal token."""
        return self.scope is not None

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def today(self, now: dt.datetime) -> dt.date:
        """Return the date at `now` in the person's time zone."""
        return now.astimezone(self.zone).date()

    def days_since(self, moment: dt.datetime, now: dt.datetime) -> int:
        """Return the days since a moment in the person's time zone; 0 if it is in the future."""
        return max(0, (self.today(now) - self.today(moment)).days)

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """Return what this person may do in at least one team."""
        return capabilities_of(self.team_roles)

    @cached_property
    def _by_team(self) -> dict[uuid.UUID, frozenset[Capability]]:
        return reach.capabilities_by_team(self.session, self.id)

    def has_capability_over(self, capability: Capability, person_id: uuid.UUID) -> bool:
        """Return whether this person has a capability over another one."""
        if person_id not in self._by_person:
            found = reach.capabilities_over(self.session, self.id, person_id)
            self._by_person[person_id] = found
        return capability in self._by_person[person_id]

    def has_capability_in(self, capability: Capability, team_id: uuid.UUID) -> bool:
        """Return whether this person has a capability in a team or a team above it."""
        return capability in self._by_team.get(team_id, ())

    def teams(self, capability: Capability) -> frozenset[uuid.UUID]:
        """Return the ids of the teams in which this person has a capability."""
        return frozenset(key for key, held in self._by_team.items() if capability in held)

    def role_in(self, team_id: uuid.UUID) -> str:
        """Return the highest role that this person has in a team or a team above it."""
        return highest_role(self._by_team.get(team_id, frozenset()))

    @cached_property
    def own_teams(self) -> frozenset[uuid.UUID]:
        """Return the ids of the teams that this person is in."""
        return own_teams(self.session, self.id)

    def refresh_permissions(self) -> None:
        """Reload permissions, which may have changed while the request waited for a lock.

        Call it while holding the lock, before checking permissions.
        """
        self._by_person.clear()
        for name in ("_by_team", "own_teams"):
            self.__dict__.pop(name, None)
        if self.is_admin:
            self.is_admin = is_administrator(self.session, self.id)
