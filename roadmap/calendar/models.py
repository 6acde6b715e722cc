"""The table of addresses at which calendars read a person's dates."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from roadmap.auth.models import StoredToken


class CalendarFeed(StoredToken):
    """The address of a person's calendar, of which there is one. `last_read_on` is a day of UTC."""

    __tablename__ = "calendar_feed"

    last_read_on: Mapped[dt.date | None]

    __table_args__ = (sa.UniqueConstraint("user_id"),)
