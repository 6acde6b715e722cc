"""The history of a person's changes, as listed on their activity page."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import sqlalchemy as sa
from pydantic import AliasPath, Field, PlainValidator, WithJsonSchema

from roadmap.activity import queries
from roadmap.activity.list_query import ActivityQuery, parse_day
from roadmap.activity.messages import KINDS, load_descriptions
from roadmap.api.field_types import OneOf, Shape, Timestamp, single_line, unknown_value_message
from roadmap.api.operation import InvalidFields, current_actor, operation
from roadmap.api.pagination import Page, Paging, invalid_cursor
from roadmap.catalog.models import Milestone
from roadmap.catalog.queries import published_roadmap, published_roadmaps
from roadmap.core.database import db
from roadmap.core.i18n import _


class ActivityShape(Shape):
    """One change: `text` describes it in a sentence, `path` is the page of its subject.

    `by` names the person who made it, and their API token where one was used.
    """

    at: Timestamp
    action: str = Field(validation_alias=AliasPath("entry", "action"))
    subject: str = Field(validation_alias=AliasPath("entry", "subject"))
    kind: str
    text: str
    path: str | None = Field(validation_alias="href")
    by: str
    by_me: bool


class ActivityList(Page[ActivityShape]):
    pass


def _read_day(text: str) -> dt.date | None:
    try:
        return parse_day(text)
    except ValueError:
        raise ValueError(_("Write a day as 2026-03-15.")) from None


Day = Annotated[dt.date | None, PlainValidator(_read_day), WithJsonSchema({"type": "string"})]
DAY_FIELD = Field(
    "", validate_default=True, description="A day in your own time zone, such as 2026-03-15."
)


class ActivityParameters(Paging):
    """The filters and the page size of the list of changes."""

    kind: Annotated[str, OneOf(("", *KINDS))] = ""
    who: Annotated[str, OneOf(("", *queries.ACTOR_FILTERS))] = ""
    roadmap: Annotated[str, single_line(60)] = Field("", description="The slug of a roadmap.")
    milestone: Annotated[str, single_line(60)] = Field("", description="The key of a milestone.")
    on: Day = DAY_FIELD
    since: Day = DAY_FIELD
    to: Day = DAY_FIELD


@operation("You")
def list_activity(query: ActivityParameters) -> ActivityList:
    """List the changes to your records, newest first."""
    actor = current_actor()
    if query.roadmap and published_roadmap(db.session, query.roadmap) is None:
        slugs = [each.content.slug for each in published_roadmaps(db.session)]
        raise InvalidFields({"roadmap": [unknown_value_message(slugs)]})
    known = sa.select(Milestone.key).where(Milestone.key == query.milestone)
    if query.milestone and db.session.scalar(known) is None:
        raise InvalidFields({"milestone": [_("No roadmap has or had this milestone.")]})
    try:
        before = queries.parse_position(query.cursor) if query.cursor else None
    except ValueError:
        raise invalid_cursor() from None
    filters = ActivityQuery(
        query.kind, query.roadmap, query.milestone, query.who, query.on, query.since, query.to
    )
    conditions = filters.conditions(db.session, actor)
    entries, more = queries.list_entries(
        db.session, actor.id, *conditions, before=before, limit=query.limit
    )
    lines = load_descriptions(db.session, actor.id, entries)
    cursor = entries[-1].position if more else None
    return ActivityList.model_validate({"items": lines, "next_cursor": cursor})
