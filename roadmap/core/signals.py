"""Signals, by which rooms learn of changes in rooms below them."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

# Sent by every write about a person, before the commit. Sender: the Session. Keywords: user_id
# (UUID), what (a word such as "evidence"), action (`thing.verb`), subject (key or id of the changed
# thing), by (UUID or None), row_id (UUID of a row that it wrote, or
# None), data (JSON values), now (datetime).
person_changed = _signals.signal("person-changed")

# Sent when a revision of a roadmap is published. Sender: the Session. Keyword: now (datetime).
revision_published = _signals.signal("revision-published")

# Sent when a person with an account is invited, before the commit. Sender: the Session. Keywords:
# user_id (UUID of that account), invitation_id (UUID), team (Team or None), by_name (the inviter),
# now (datetime).
user_invited = _signals.signal("invited")

# Sent when an invitation was accepted, declined, revoked or replaced, before the commit. Sender:
# the Session. Keywords: email_key (of the invited person, or ""), team (Team or None), invited_by
# (UUID or None), accepted_by and declined_by (UUID or None), role, joined (whether the person
# joined the team, or Cairn, in this role), now (datetime).
invitation_ended = _signals.signal("invitation-ended")

# Sent when managers may have changed without a change of membership: a team was moved or deleted,
# an account was closed or reopened; before the commit. Sender: the Session. Keywords: now
# (datetime), by (UUID or None); for a moved team: team (Team) and previous_parent_id (UUID or
# None); for an account: person (its UUID).
managers_changed = _signals.signal("leaders-changed")

# Sent before a team is deleted, with its members and invitations. Sender: the Session. Keywords:
# team (Team), by (UUID or None), now (datetime).
team_deleting = _signals.signal("team-ends")
