"""Teams: those that one is in or leads, their matrix, and a manager's assessment."""

from __future__ import annotations

import uuid
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import abort
from pydantic import Field, create_model

from roadmap.api.field_types import Key, Level, OneOf, Query, Shape
from roadmap.api.operation import current_actor, operation
from roadmap.api.pagination import Paging, paginate
from roadmap.api.progress import abort_no_roadmap
from roadmap.api.skills import Assessed, Assessing, serialize_assessment
from roadmap.core.database import db
from roadmap.core.web import now
from roadmap.people.locks import lock_user_for_actor
from roadmap.people.models import Team
from roadmap.people.permissions import can
from roadmap.people.roles import ROLES, Capability
from roadmap.skills import actions, queries
from roadmap.teams.columns import COLUMN_KINDS
from roadmap.teams.loaders import load_person, load_team
from roadmap.teams.matrix import to_json
from roadmap.teams.queries import load_matrix

TAG = "Teams"


class TeamShape(Shape):
    """A team. A manager of a team manages those that are nested in it as well.

    `parent` is the one that it is nested in, where you are in that one or manage it; else null.
    """

    slug: str
    name: str
    role: Annotated[str, OneOf(tuple(ROLES))]
    parent: str | None


class TeamList(Shape):
    items: list[TeamShape]
    next_cursor: str | None


# The columns of the matrix bring their own fields, so that a new column needs no change here.
_MEMBER_FIELDS: dict[str, Any] = {
    name: (type_, ...) for kind in COLUMN_KINDS for name, type_ in kind.api_fields.items()
}
_KEY_LISTS: dict[str, Any] = {
    kind.kind: (list[str], ...) for kind in COLUMN_KINDS if kind.heading is not None
}
MemberRow: Any = create_model(
    "MemberRow",
    __base__=Shape,
    __doc__="A member as their manager sees them: from shared facts alone.",
    id=(uuid.UUID, ...),
    **_MEMBER_FIELDS,
)
MatrixShape: Any = create_model(
    "MatrixShape",
    __base__=Shape,
    __doc__="The members by stages and skills.\n\n"
    "Who is not on the roadmap has null readiness, shares of 0, and the levels of their skills.",
    team=(str, ...),
    roadmap=(str, ...),
    **_KEY_LISTS,
    members=(list[MemberRow], ...),
)


class MatrixQuery(Query):
    roadmap: Annotated[
        Key | None,
        Field(description="The slug of a roadmap; without it the one of most of the people."),
    ] = None


class MemberSkill(Shape):
    """A skill of a member: the level of their own word, and a manager's assessment."""

    key: str
    own: Annotated[Level | None, Field(alias="self")]
    manager: Assessed | None


@operation(TAG)
def list_teams(query: Paging) -> TeamList:
    """List the teams that you are in or manage, by slug."""
    actor = current_actor()
    parent = sa.orm.aliased(Team)
    known = actor.own_teams | actor.teams(Capability.SEE_SHARED)
    rows = db.session.execute(
        sa.select(Team, parent.slug)
        .outerjoin(parent, sa.and_(parent.id == Team.parent_id, parent.id.in_(known)))
        .where(Team.id.in_(known))
    )
    found = [
        TeamShape(slug=team.slug, name=team.name, role=actor.role_in(team.id), parent=above)
        for team, above in rows
    ]
    part, cursor = paginate(found, query, lambda team: team.slug)
    return TeamList(items=part, next_cursor=cursor)


@operation(TAG, refuses=(404,), has_etag=True)
def read_matrix(slug: str, query: MatrixQuery) -> MatrixShape:
    """Return the matrix of a team that you manage, with the teams nested in it.

    Everything in it comes from shared facts: what is private or a draft changes no figure.
    """
    team = load_team(current_actor(), "team.matrix", slug)
    try:
        found = load_matrix(db.session, current_actor(), team, roadmap=query.roadmap, now=now())
    except LookupError:
        abort_no_roadmap(query.roadmap)
    return MatrixShape.model_validate(to_json(found))


@operation(
    TAG, refuses=(404, 409), example={"level": 2, "comment": "Ran the incident review of March."}
)
def assess_member_skill(slug: str, person_id: uuid.UUID, key: str, body: Assessing) -> MemberSkill:
    """Assess a skill of somebody in a team that you manage; they can read it.

    The same word twice is the same as once; another one is added to the history, and so is the same
    one after another manager's. What is left out stays as you said it last. 409 where this skill
    was assessed too often in 24 hours.
    """
    actor = current_actor()
    _team, who = load_person(current_actor(), "person.assess", slug, person_id)
    if key not in queries.known_skills(db.session, who.id):
        abort(404)
    lock_user_for_actor(db.session, who.id, actor)
    if not can(actor, "person.assess", who):
        # They were let in, and manage this person no more.
        abort(404)
    # Of several managers each has their own word; what one left out is not another one's.
    own_word = queries.latest_by_assessor(db.session, actor.id, who.id, key)
    level, comment = body.level_after(own_word), body.comment_after(own_word)
    own, other = queries.latest_assessments(db.session, who.id)
    newest = other.get(key)
    if newest is None or newest != own_word or (newest.level, newest.comment) != (level, comment):
        actions.assess_other(db.session, who.id, key, level, comment, by=actor, now=now())
        newest = queries.latest_by_assessor(db.session, actor.id, who.id, key)
    said = own.get(key)
    today = now().astimezone(ZoneInfo(who.timezone)).date()
    return MemberSkill.model_validate(
        {
            "key": key,
            "self": said.level if said else None,
            "manager": serialize_assessment(newest, today),
        }
    )
