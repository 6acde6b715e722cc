"""Routes of the room `notifications` and their sample data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from roadmap.notifications.models import Notification
from tests.support.route_entry import SIGN_IN, Change, Page, expect_change, expect_only_alice

PAGES: tuple[Page, ...] = (
    Page(
        "/notifications",
        "notification.read",
        "/notifications",
        variants=("/notifications?unread", "/notifications?page=9"),
        by_role=True,
    ),
)
CHANGES: tuple[Change, ...] = (
    Change(
        "/notifications/<uuid:key>/reading",
        "PUT",
        "notification.write",
        "/notifications/{notification}/reading",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
    Change(
        "/notifications/reading",
        "PUT",
        "notification.write",
        "/notifications/reading",
        {},
        expect_change(nobody=SIGN_IN),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the data that the URLs refer to."""
    # Alice has notifications from the sample actions, and read the old ones half a year ago.
    alice = Notification.user_id == write.cast.alice
    write.session.execute(
        sa.update(Notification)
        .where(alice, Notification.created_at < write.ago(80))
        .values(read_at=write.ago(80))
    )
    told = sa.select(Notification.id).where(alice, Notification.kind == "returned")
    return {"notification": str(write.session.scalars(told).one())}
