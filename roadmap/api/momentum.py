"""The days of one's own progress."""

from __future__ import annotations

import datetime as dt

from roadmap.api.field_types import Shape
from roadmap.api.operation import current_actor, operation
from roadmap.api.pagination import Paging, paginate
from roadmap.api.progress import abort_not_enrolled
from roadmap.core.database import db
from roadmap.momentum.queries import load_series
from roadmap.progress.queries import enrollment


class SnapshotShape(Shape):
    """Your figures at the end of a day, and of the days after it until the next one.

    Hours are cumulative: what is verified is evidenced and claimed as well, of the `hours` that
    apply. Null is what can no longer be told of that day.
    """

    day: dt.date
    hours: int
    claimed_hours: int
    evidenced_hours: int | None
    verified_hours: int | None
    score: float | None


class SnapshotList(Shape):
    items: list[SnapshotShape]
    next_cursor: str | None


@operation("Your roadmaps", refuses=(404,))
def list_history(slug: str, query: Paging) -> SnapshotList:
    """List the days on which your figures on a roadmap changed, the oldest first.

    They are kept once a day; figures of today are in your roadmap and your readiness. 404 where you
    are not on it.
    """
    actor = current_actor()
    mine = enrollment(db.session, actor.id, slug) or abort_not_enrolled(slug)
    items = [
        SnapshotShape.model_validate({**figures._asdict(), "day": day})
        for day, figures in load_series(db.session, actor.id, mine.roadmap_id)
    ]
    part, cursor = paginate(items, query, lambda each: each.day.isoformat())
    return SnapshotList(items=part, next_cursor=cursor)
