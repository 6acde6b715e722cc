"""The team that an address names, for what is to be done with it."""

from __future__ import annotations

import uuid

from flask import abort

from roadmap.core.database import db
from roadmap.people import permissions, queries
from roadmap.people.actor import Actor
from roadmap.people.models import Team, User
from roadmap.people.permissions import can


def load_team(actor: Actor, action: str, slug: str) -> Team:
    """The team with this slug: 404 for whoever may not know of it, 403 for whoever may no more.

    `action` is one of the permissions `team.*`.
    """
    team = queries.find_team(db.session, slug)
    if team is None or not can(actor, "team.read", team):  # type: ignore[arg-type]
        abort(404)
    if not can(actor, action, team):  # type: ignore[arg-type]
        abort(403)
    return team


def load_person(actor: Actor, action: str, slug: str, person_id: uuid.UUID) -> tuple[Team, User]:
    """A person of this team, or of one nested in it, as those see them who lead it.

    `action` is one of the permissions `person.*`. 404 for everybody but the leaders of the team
    and the person themself; 403 where the action is not theirs.
    """
    team = load_team(actor, "team.read", slug)
    person = permissions.load(db.session, actor, action, User, person_id)
    if person.id != actor.id and not can(actor, "team.matrix", team):  # type: ignore[arg-type]
        abort(404)
    if not queries.is_within(db.session, team.id, person.id):
        abort(404)
    return team, person
