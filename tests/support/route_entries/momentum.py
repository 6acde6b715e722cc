"""Routes of progress over time, which only its owner can access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadmap.momentum.models import Snapshot
from roadmap.progress.queries import enrollment
from tests.support.route_entry import ENROLLED, Change, Page

RULE = "/roadmaps/<slug>/progress"
PAGES: tuple[Page, ...] = (
    Page(
        RULE, "snapshot.read", "/roadmaps/{slug}/progress", ENROLLED,
        variants=("/roadmaps/{slug}/progress?period=all&year=2026",),
    ),
)  # fmt: skip
CHANGES: tuple[Change, ...] = ()


def create_sample_data(write: Any) -> dict[str, str]:
    """Add snapshots of Alice; the first days are incomplete."""
    session, alice = write.session, write.cast.alice
    mine = enrollment(session, alice)
    assert mine is not None
    today = write.now.date()
    for back, claimed, evidenced, verified, score in (
        (120, 20, None, None, None),
        (60, 60, 40, 10, 7),
        (9, 90, 80, 60, 15),
    ):
        day = today - dt.timedelta(days=back)
        session.add(
            Snapshot(
                user_id=alice, roadmap_id=mine.roadmap_id, day=day, checked_on=day, hours=400,
                claimed_hours=claimed, evidenced_hours=evidenced, verified_hours=verified,
                score=score,
            )
        )  # fmt: skip
    return {}
