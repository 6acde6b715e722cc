"""Sentences about memberships, for the messages of several rooms."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from roadmap.people.models import Team, User
from roadmap.people.queries import memberships


def other_teams(session: Session, user_id: uuid.UUID, team: Team) -> str:
    """Return the names of the teams that a person is in beside this one; empty for none."""
    return ", ".join(each.name for each, _role in memberships(session, user_id) if each != team)


def membership_sentence(session: Session, user: User, team: Team) -> str:
    """Say that a person is now in a team, and which teams they are in besides."""
    words = {"name": user.name, "team": team.name, "others": other_teams(session, user.id, team)}
    if words["others"]:
        return _("%(name)s is now in %(team)s, and still in %(others)s.", **words)
    return _("%(name)s is now in %(team)s.", **words)
