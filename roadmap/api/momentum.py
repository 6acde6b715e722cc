"""Daily figures of a person's own progress."""

from __future__ import annotations

import datetime as dt

from roadmap.api.field_types import Shape
from roadmap.api.operation import current_actor, operation
from roadmap.api.pagination import Page, Paging
from roadmap.api.progress import abort_not_enrolled
from roadmap.core.database import db
from roadmap.momentum.queries import load_series
from roadmap.progress.queries import enrollment


class SnapshotShape(Shape):
    """Your figures at the end of a day, which apply until the next day in the list.

    `hours` are the applicable hours. Verified hours are included in the evidenced ones, and these
    in the claimed ones. Null marks a figure that can no longer be determined.
    """

    day: dt.date
    hours: int
    claimed_hours: int
    evidenced_hours: int | None
    verified_hours: int | None
    score: float | None


class SnapshotList(Page[SnapshotShape]):
    pass


@operation("Your roadmaps", refuses=(404,))
def list_history(slug: str, query: Paging) -> SnapshotList:
    """List the days on which your figures on a roadmap changed, oldest first.

    Figures are stored once a day; your roadmap and readiness have today's. 404 if you are not on
    the roadmap.
    """
    actor = current_actor()
    enrolled = enrollment(db.session, actor.id, slug) or abort_not_enrolled(slug)
    items = [
        {**figures._asdict(), "day": day}
        for day, figures in load_series(db.session, actor.id, enrolled.roadmap_id)
    ]
    return SnapshotList.of(items, query, lambda each: each["day"].isoformat())
