"""The tables of a person's hours, which nobody else ever sees."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, check_one_of
from roadmap.people.models import OwnerId

SOURCES = ("hand", "calendar")


class TimeEntry(Base):
    """Minutes of one category on a day; `category` is a key in the content file.

    Entries from a calendar have `event_uid` and `starts_at`, one row per occurrence, so that
    importing twice adds nothing. Removed rows are kept, so that removing can be undone and the next
    import does not restore them.
    """

    __tablename__ = "time_entry"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    day: Mapped[dt.date]
    category: Mapped[str] = mapped_column(sa.String(60))
    minutes: Mapped[int]
    title: Mapped[str | None] = mapped_column(sa.String(200))
    source: Mapped[str] = mapped_column(sa.String(8), default="hand")
    event_uid: Mapped[str | None] = mapped_column(sa.String(255))
    starts_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("user_id", "event_uid", "starts_at"),
        check_one_of("source", "source", SOURCES),
    )


class TitleCategory(Base):
    """The category that a person chose for a title; `title_key` is a digest of the title."""

    __tablename__ = "time_title_category"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    title_key: Mapped[str] = mapped_column(sa.String(200))
    category: Mapped[str] = mapped_column(sa.String(60))

    __table_args__ = (sa.UniqueConstraint("user_id", "title_key"),)


class TimeBudget(Base):
    """A person's settings. None for minutes means the default."""

    __tablename__ = "time_budget"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    week_minutes: Mapped[int | None]
    deep_work_minutes: Mapped[int | None]
    calendar_url: Mapped[str | None] = mapped_column(sa.Text)
    # Titles from calendars are only kept if the person agrees.
    keep_titles: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.UniqueConstraint("user_id"),)
