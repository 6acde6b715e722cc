"""The table of calendar feeds."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from roadmap.auth.models import StoredToken


class CalendarFeed(StoredToken):
    """The token of a user's calendar feed, at most one per user. `last_read_on` is in UTC."""

    __tablename__ = "calendar_feed"

    last_read_on: Mapped[dt.date | None]

    __table_args__ = (sa.UniqueConstraint("user_id"),)
