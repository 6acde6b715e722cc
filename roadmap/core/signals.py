"""Signals that notify packages of changes in lower layers.

The sender is always the Session.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blinker import Namespace

_signals = Namespace()


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A write about a person.

    `action` has the form `thing.verb`, `subject` is the key or id of the changed thing, `row_id`
    the id of the written row, and `data` has JSON values.
    """

    user_id: uuid.UUID
    action: str
    subject: str
    by: uuid.UUID | None
    row_id: uuid.UUID | None
    data: Mapping[str, Any]
    now: dt.datetime

    @property
    def thing(self) -> str:
        return self.action.partition(".")[0]


# Sent before the commit of every write about a user. Keyword: change (PersonChange).
person_changed = _signals.signal("person-changed")

# Sent when a roadmap revision is published. Keyword: now (datetime).
revision_published = _signals.signal("revision-published")

# Sent before the commit when a user with an account is invited. Keywords: user_id (UUID of that
# account), invitation (Invitation), now (datetime).
user_invited = _signals.signal("user-invited")

# Sent before the commit when an invitation is accepted, declined, revoked or replaced. Keywords:
# invitation (Invitation), now (datetime); accepted_by (UUID) and joined (whether the person joined
# the team or Cairn) if it was accepted, declined_by (UUID or None) if not.
invitation_ended = _signals.signal("invitation-ended")

# Sent before the commit when managers may have changed without a change of membership: a team was
# moved or deleted, or an account was closed or reopened. Keywords: now (datetime), by (UUID or
# None). For a moved team also team (Team) and previous_parent_id (UUID or None), for an account
# person (its UUID).
managers_changed = _signals.signal("managers-changed")

# Sent before a team is deleted with its members and invitations. Keywords: team (Team), by (UUID or
# None), now (datetime).
team_deleting = _signals.signal("team-deleting")
