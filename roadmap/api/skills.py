"""A person's own skills: their self-assessments and their managers' assessments."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from operator import attrgetter
from typing import Annotated, Any

from flask import abort
from pydantic import BeforeValidator, Field

from roadmap.api.field_types import UNSET, Body, Level, Shape, Text, Timestamp
from roadmap.api.operation import InvalidFields, current_actor, operation
from roadmap.api.pagination import Page, Paging
from roadmap.catalog.content import Skill
from roadmap.core.database import db
from roadmap.core.i18n import _
from roadmap.core.text import clean_multiline
from roadmap.core.web import now
from roadmap.people.locks import lock_user
from roadmap.skills import actions, queries
from roadmap.skills.forms import MAX_COMMENT_LENGTH
from roadmap.skills.rules import MAX_LEVEL, MIN_LEVEL, AssessedLevel, SkillComparison


class AssessmentShape(Shape):
    """An assessed level with its assessor, date and comment."""

    level: Level
    by: str = Field(validation_alias="name")
    by_token: bool = Field(description="Submitted with an API token of the assessor.")
    at: Timestamp
    comment: str
    is_old: bool = Field(description="Older than 18 months. It still counts.")


class OwnSkill(Shape):
    """A skill with both assessments side by side, never averaged.

    `levels` describes levels 0 to 4. `gap` is the number of levels left to the bar, from the
    manager's level if there is one. `apart` is the manager's level minus your own.
    """

    key: str
    title: str
    group: str
    bar: Level
    levels: list[str]
    self: AssessmentShape | None
    manager: AssessmentShape | None
    gap: Level | None = Field(
        description="Levels left to the bar, 0 at or above it; null without any assessment."
    )
    apart: Annotated[int, Field(ge=MIN_LEVEL - MAX_LEVEL, le=MAX_LEVEL - MIN_LEVEL)] | None = Field(
        description="The manager's level minus your own; null if one of them is missing."
    )


class SkillList(Page[OwnSkill]):
    pass


def _require_level(level: Any) -> Any:
    if level is None:
        raise ValueError(
            _("A level cannot be cleared, because assessments are a history. Give another level.")
        )
    return level


class NewAssessment(Body):
    """The highest level that was demonstrated in full.

    Fields left out are unchanged; null clears the comment. If only the comment changes, the
    previous level gets a new date.
    """

    level: Annotated[Level, BeforeValidator(_require_level)] = Field(
        UNSET, description="Required the first time."
    )
    comment: Annotated[str, Text(MAX_COMMENT_LENGTH)] | None = Field(
        None, description="The basis for this level."
    )

    def level_after(self, before: AssessedLevel | None) -> int:
        """Return the new level. Raises InvalidFields without a new and a previous one."""
        if "level" in self.model_fields_set:
            return self.level
        if before is None:
            raise InvalidFields({"level": [_("Give a level: you have no level yet to keep.")]})
        return before.level

    def comment_after(self, before: AssessedLevel | None) -> str:
        """Return the new comment, or the previous one if it was left out.

        A previous comment is also preserved if only cleaning, which it may lack, would change it.
        """
        previous = before.comment if before else ""
        if "comment" not in self.model_fields_set or clean_multiline(previous) == self.comment:
            return previous
        return self.comment or ""


@operation("Your skills")
def list_skills(query: Paging) -> SkillList:
    """List the skills of your roadmaps with their newest assessments, sorted by key.

    The bar is that of your primary roadmap, or of the next one that has the skill. If you are not
    on a roadmap, the skills of all roadmaps are listed.
    """
    mine = queries.load_user_skills(db.session, current_actor().id)
    found = queries.compare_skills(db.session, current_actor().id, mine.values())
    today = current_actor().today(now())
    items = [_serialize(skill, found[skill.key], today) for skill in mine.values()]
    return SkillList.of(items, query, attrgetter("key"))


@operation(
    "Your skills",
    refuses=(404, 409),
    example={"level": 3, "comment": "Led the migration of two services."},
)
def assess_own_skill(key: str, body: NewAssessment) -> OwnSkill:
    """Assess one of your own skills.

    Repeating an assessment changes nothing; a different one is added to the history. 409 if this
    skill was assessed too often within 24 hours.
    """
    actor = current_actor()
    skill = queries.known_skills(db.session, actor.id).get(key) or abort(404)
    lock_user(db.session, actor.id)
    comparison = queries.compare_skills(db.session, actor.id, [skill])[key]
    before = comparison.own
    level, comment = body.level_after(before), body.comment_after(before)
    if before is None or (before.level, before.comment) != (level, comment):
        actions.assess_self(db.session, actor.id, key, level, comment, by=actor, now=now())
        comparison = replace(comparison, own=AssessedLevel(level, now(), actor.name, comment))
    return _serialize(skill, comparison, actor.today(now()))


def _serialize(skill: Skill, comparison: SkillComparison, today: dt.date) -> OwnSkill:
    return OwnSkill.model_validate(
        {
            **skill.model_dump(),
            "self": serialize_assessment(comparison.own, today),
            "manager": serialize_assessment(comparison.other, today),
            "gap": comparison.gap,
            "apart": comparison.difference,
        }
    )


def serialize_assessment(assessed: AssessedLevel | None, today: dt.date) -> AssessmentShape | None:
    """Return an assessment's response model; `today` is the date for the assessed person."""
    if assessed is None:
        return None
    return AssessmentShape.model_validate({**assessed._asdict(), "is_old": assessed.is_old(today)})
