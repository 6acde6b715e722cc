"""Roadmaps and their revisions. A revision stores its content as one document."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from roadmap.core.types import Base, Id, Json, foreign_key


class Roadmap(Base):
    """A roadmap, and the current revision for everyone enrolled in it."""

    __tablename__ = "roadmap"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    revision_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("roadmap_revision.id", use_alter=True, ondelete="SET NULL"), index=True
    )
    created_at: Mapped[dt.datetime]


class RoadmapRevision(Base):
    """A published version of a roadmap: the whole content file, as JSON."""

    __tablename__ = "roadmap_revision"

    id: Mapped[Id]
    roadmap_id: Mapped[uuid.UUID] = foreign_key("roadmap.id")
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[Json]
    published_at: Mapped[dt.datetime]

    __table_args__ = (sa.UniqueConstraint("roadmap_id", "number"),)


class Milestone(Base):
    """The permanent key of a milestone, with its latest title.

    Statuses and evidence refer to it, so a milestone that a revision removes is kept. A key shared
    by two roadmaps is one milestone.
    """

    __tablename__ = "milestone"

    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    definition: Mapped[Json]
    # The accepted evidence kinds, each between commas. Reading them from the JSON for each link
    # would make status changes a tenth slower.
    kinds: Mapped[str] = mapped_column(sa.Text, server_default="")

    @validates("definition")
    def _store_kinds(self, _name: str, definition: dict[str, Any]) -> dict[str, Any]:
        self.kinds = "".join(f",{kind}," for kind in definition.get("evidence", ()))
        return definition


class Skill(Base):
    """The permanent key of a skill, with its latest title."""

    __tablename__ = "skill"

    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    definition: Mapped[Json]
