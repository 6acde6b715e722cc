"""How a higher room learns of a change below it, without being called from there."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

# Sent by every write about a person, in its transaction and before the commit.
# sender: the Session; keywords: user_id (UUID), what (a word such as "evidence"), action
# (`thing.verb`), subject (key or id of what it was done to), by (UUID or None), data (JSON values),
# now (datetime).
person_changed = _signals.signal("person-changed")

# Sent when another revision of a roadmap is published.
# sender: the Session; keywords: roadmap_id (UUID), now (datetime).
revision_published = _signals.signal("revision-published")

# Sent when somebody who has an account already is invited, before the commit.
# sender: the Session; keywords: user_id (UUID of that account), team (Team, or None), by_name (who
# invites), now (datetime).
user_invited = _signals.signal("invited")

# Sent when an invitation was accepted, revoked or replaced by a newer one, before the commit.
# sender: the Session; keywords: email_key (of whom it is for; empty where for anybody), team (Team,
# or None), invited_by (UUID or None), accepted_by (UUID, or None where nobody accepted), role,
# joined (whether that brought them into the team in this role, or here), now (datetime).
invitation_ended = _signals.signal("invitation-ended")

# Sent where who leads whom may have changed otherwise than by a membership: a team was nested
# elsewhere or deleted (with all its memberships), an account was closed or opened again; before the
# commit.
# sender: the Session; keywords: now (datetime), by (UUID or None); where a team was nested
# elsewhere team (Team) and previous_parent_id (UUID of the team that it was nested in, or None);
# where it
# was an account person (its UUID).
managers_changed = _signals.signal("leaders-changed")

# Sent before a team is deleted, while its people and its invitations are there still.
# sender: the Session; keywords: team (Team), by (UUID or None), now (datetime).
team_deleting = _signals.signal("team-ends")
