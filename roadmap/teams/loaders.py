"""Load the team or the person that an address names, with the permission for an action."""

from __future__ import annotations

import uuid

from flask import abort

from roadmap.core.database import db
from roadmap.people import permissions, queries
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.roles import Capability


def load_team(actor: Actor, action: str, slug: str) -> Team:
    """Load a team for one of the actions `team.*`: 404 where the actor may not know of it."""
    return permissions.check_access(actor, action, queries.find_team(db.session, slug))


def load_person(actor: Actor, action: str, slug: str, person_id: uuid.UUID) -> tuple[Team, User]:
    """Load a person of this team, or of one nested in it, for one of the actions `person.*`.

    404 for everybody but the person and those who see the people of the team; 403 where the
    action is not allowed.
    """
    team = load_team(actor, "team.read", slug)
    person = permissions.load(db.session, actor, action, User, person_id)
    sees_person = person.id == actor.id or actor.has_in(Capability.SEE_SHARED, team.id)
    if not sees_person or not queries.is_within(db.session, team.id, person.id):
        abort(404)
    return team, person
