"""Teams that a person is in or manages, their matrix, and assessments of members."""

from __future__ import annotations

import uuid
from operator import attrgetter
from typing import Annotated, Any

import sqlalchemy as sa
from flask import abort
from pydantic import Field, create_model

from roadmap.api.field_types import Key, Level, OneOf, Query, Shape
from roadmap.api.operation import current_actor, operation
from roadmap.api.pagination import Page, Paging
from roadmap.api.progress import abort_no_roadmap
from roadmap.api.skills import AssessmentShape, NewAssessment, serialize_assessment
from roadmap.core.database import db
from roadmap.core.dates import local_date
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
    """A team. Managers of a team also manage the teams nested in it.

    `parent` is the team that it is nested in, if you are in that team or manage it; else null.
    """

    slug: str
    name: str
    role: Annotated[str, OneOf(tuple(ROLES))]
    parent: str | None


class TeamList(Page[TeamShape]):
    pass


# Matrix columns define their own fields, so that a new column needs no change here.
_MEMBER_FIELDS: dict[str, Any] = {
    name: (type_, ...) for kind in COLUMN_KINDS for name, type_ in kind.api_fields.items()
}
_KEY_LISTS: dict[str, Any] = {
    kind.kind: (list[str], ...) for kind in COLUMN_KINDS if kind.heading is not None
}
MemberRow: Any = create_model(
    "MemberRow",
    __base__=Shape,
    __doc__="A member as their manager sees them, based only on shared facts.",
    id=(uuid.UUID, ...),
    **_MEMBER_FIELDS,
)
MatrixShape: Any = create_model(
    "MatrixShape",
    __base__=Shape,
    __doc__="Team members by stages and skills.\n\n"
    "Members who are not on the roadmap have null readiness, shares of 0 and their skill levels.",
    team=(str, ...),
    roadmap=(str, ...),
    **_KEY_LISTS,
    members=(list[MemberRow], ...),
)


class MatrixQuery(Query):
    roadmap: Annotated[
        Key | None,
        Field(description="The slug of a roadmap; by default the one that most members are on."),
    ] = None


class MemberSkill(Shape):
    """A skill of a member: their self-assessed level and a manager's assessment."""

    key: str
    own: Annotated[Level | None, Field(alias="self")]
    manager: AssessmentShape | None


@operation(TAG)
def list_teams(query: Paging) -> TeamList:
    """List the teams that you are in or manage, sorted by slug."""
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
    return TeamList.of(found, query, attrgetter("slug"))


@operation(TAG, refuses=(404,), has_etag=True)
def read_matrix(slug: str, query: MatrixQuery) -> MatrixShape:
    """Return the matrix of a team that you manage, including nested teams.

    All figures are based on shared facts; private evidence and drafts do not affect them.
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
def assess_member_skill(
    slug: str, person_id: uuid.UUID, key: str, body: NewAssessment
) -> MemberSkill:
    """Assess a skill of someone in a team that you manage; they can read the assessment.

    Repeating an assessment changes nothing, unless another manager has assessed the skill since.
    Otherwise it is added to the history. Fields left out are as in your own last assessment. 409 if
    this skill was assessed too often within 24 hours.
    """
    actor = current_actor()
    _team, who = load_person(current_actor(), "person.assess", slug, person_id)
    if key not in queries.known_skills(db.session, who.id):
        abort(404)
    lock_user_for_actor(db.session, who.id, actor)
    if not can(actor, "person.assess", who):
        # The permission may have ended while this request waited for the lock.
        abort(404)
    # Fields that this manager leaves out are not taken from another manager's assessment.
    previous = queries.latest_by_assessor(db.session, actor.id, who.id, key)
    level, comment = body.level_after(previous), body.comment_after(previous)
    own, other = queries.latest_assessments(db.session, who.id)
    newest = other.get(key)
    if newest is None or newest != previous or (newest.level, newest.comment) != (level, comment):
        actions.assess_other(db.session, who.id, key, level, comment, by=actor, now=now())
        newest = queries.latest_by_assessor(db.session, actor.id, who.id, key)
    self_assessment = own.get(key)
    today = local_date(now(), who.timezone)
    return MemberSkill.model_validate(
        {
            "key": key,
            "self": self_assessment.level if self_assessment else None,
            "manager": serialize_assessment(newest, today),
        }
    )
