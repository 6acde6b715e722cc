"""Routes of the calendar and their sample data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from roadmap.calendar import actions
from roadmap.calendar.models import CalendarFeed
from tests.support.route_entry import (
    PUBLIC,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_status,
)

FEED = "/calendar/<token>.ics"

PAGES: tuple[Page, ...] = (
    Page("/calendar", "calendar.read", "/calendar", variants=("/calendar?month=2026-02",)),
    Page(FEED, "public", "/calendar/{feed}.ics", PUBLIC, shown=False),
    Page(
        FEED, "public", "/calendar/unknown.ics", expect_status(404), shown=False,
        name="calendar-unknown",
    ),
)  # fmt: skip
CHANGES: tuple[Change, ...] = (
    Change(
        "/calendar/address", "POST", "calendar.write", "/calendar/address",
        pages=expect_change(201, nobody=SIGN_IN),
    ),
    Change(
        "/calendar/address", "DELETE", "calendar.write", "/calendar/address",
        pages=expect_change(nobody=SIGN_IN),
    ),
)  # fmt: skip


def create_sample_data(write: Any) -> dict[str, str]:
    """Add the URL of Alice's calendar, last fetched today."""
    token = actions.create_feed(write.session, write.cast.alice, now=write.ago(20))
    write.session.execute(sa.update(CalendarFeed).values(last_read_on=write.now.date()))
    return {"feed": token}
