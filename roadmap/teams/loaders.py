"""Load the team or person of a URL, and check the permission for an action."""

from __future__ import annotations

import uuid

from flask import abort

from roadmap.core.database import db
from roadmap.people import permissions, queries
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.roles import Capability


def load_team(actor: Actor, action: str, slug: str) -> Team:
    """Load a team for a `team.*` action. Aborts with 404 if the actor may not see the team."""
    return permissions.check_access(actor, action, queries.find_team(db.session, slug))


def load_person(actor: Actor, action: str, slug: str, person_id: uuid.UUID) -> tuple[Team, User]:
    """Load a member of this team, or of one nested in it, for a `person.*` action.

    Aborts with 404 unless the actor is that person or sees the people of the team, or with 403 if
    the action is not permitted.
    """
    team = load_team(actor, "team.read", slug)
    person = permissions.load(db.session, actor, action, User, person_id)
    sees_person = person.id == actor.id or actor.has_capability_in(Capability.SEE_SHARED, team.id)
    if not sees_person or not queries.is_within(db.session, team.id, person.id):
        abort(404)
    return team, person
