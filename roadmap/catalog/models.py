"""Roadmaps and their revisions. Content is one document a revision; keys live in rows."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from roadmap.core.types import Base, Id, Json


class Roadmap(Base):
    """A roadmap by its slug, and the revision that everyone on it follows."""

    __tablename__ = "roadmap"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    revision_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("roadmap_revision.id", use_alter=True, ondelete="SET NULL"), index=True
    )
    created_at: Mapped[dt.datetime]


class RoadmapRevision(Base):
    """One published state of a roadmap: the whole content file, as JSON."""

    __tablename__ = "roadmap_revision"

    id: Mapped[Id]
    roadmap_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("roadmap.id", ondelete="CASCADE"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[Json]
    published_at: Mapped[dt.datetime]

    __table_args__ = (sa.UniqueConstraint("roadmap_id", "number"),)


class Milestone(Base):
    """The stable key of a milestone, with the title it last had.

    Statuses and evidence refer to it, so a milestone that a revision removes stays here. A key that
    two roadmaps share is one milestone.
    """

    __tablename__ = "milestone"

    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    definition: Mapped[Json]
    # The kinds that prove it, each between commas: reading them from JSON for each link of a person
    # takes a tenth of a tick.
    kinds: Mapped[str] = mapped_column(sa.Text, server_default="")

    @validates("definition")
    def _store_kinds(self, _name: str, definition: dict[str, Any]) -> dict[str, Any]:
        self.kinds = "".join(f",{kind}," for kind in definition.get("evidence", ()))
        return definition


class Skill(Base):
    """The stable key of a skill, with the title it last had."""

    __tablename__ = "skill"

    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    definition: Mapped[Json]
