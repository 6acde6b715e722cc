"""Tables of evidence: items, versions, links, files, reviews, confirmations and comments."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from roadmap.core.dates import PartialDate
from roadmap.core.types import Base, Id, check_one_of, foreign_key, search_text_of
from roadmap.evidence.constants import DECISIONS, IMPACT_TYPES, STATES, VISIBILITIES
from roadmap.evidence.item import Audience, is_visible, shared_state
from roadmap.people.labels import reviewer_label


class Evidence(Base):
    """A dated artefact that proves a milestone or skill.

    Its content (see `item.Content`) is stored in versions, because a review judges a version.
    `current` is the newest version. `verified_version_id` is the verified one, which counts until a
    newer one is reviewed.
    """

    __tablename__ = "evidence"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id")
    title: Mapped[str] = mapped_column(sa.String(200))
    search_text: Mapped[str] = search_text_of("title")
    visibility: Mapped[str] = mapped_column(sa.String(12), default="portfolio")
    state: Mapped[str] = mapped_column(sa.String(12), default="draft")
    current_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("evidence_version.id", use_alter=True, ondelete="SET NULL"), index=True
    )
    verified_version_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("evidence_version.id", use_alter=True, ondelete="SET NULL"), index=True
    )
    revision: Mapped[int] = mapped_column(default=1)
    # Set only while a reviewer is reviewing the item.
    reviewer_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    review_started_at: Mapped[dt.datetime | None]
    submitted_at: Mapped[dt.datetime | None]
    title_changed_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    # When the author last edited or submitted the item. Reviews do not change it.
    updated_at: Mapped[dt.datetime]

    current: Mapped[EvidenceVersion] = relationship(foreign_keys=[current_id], post_update=True)
    links: Mapped[list[EvidenceMilestone]] = relationship(
        order_by="EvidenceMilestone.position", cascade="all, delete-orphan"
    )
    skills: Mapped[list[EvidenceSkill]] = relationship(
        order_by="EvidenceSkill.skill_key", cascade="all, delete-orphan"
    )

    __table_args__ = (
        check_one_of("visibility", "visibility", VISIBILITIES),
        check_one_of("state", "state", STATES),
        sa.Index("ix_evidence_user_id_created_at", "user_id", "created_at"),
    )

    @property
    def is_shared(self) -> bool:
        """Return whether the owner's managers see the item: submitted or later, and not private."""
        verified = self.verified_version_id is not None
        return is_visible(self.state, self.visibility, Audience.MANAGER, has_verified=verified)

    @property
    def shared_state(self) -> str:
        """Return the state that managers see."""
        return shared_state(self.state, has_verified=self.verified_version_id is not None)

    @property
    def is_public(self) -> bool:
        """Return whether the item may be shown in the portfolio."""
        return self.visibility == "portfolio"

    @property
    def milestone_keys(self) -> list[str]:
        return [row.milestone_key for row in self.links]

    @property
    def skill_keys(self) -> list[str]:
        return [row.skill_key for row in self.skills]


class EvidenceVersion(Base):
    """One version of the content, immutable once submitted."""

    __tablename__ = "evidence_version"

    id: Mapped[Id]
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id")
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(16))
    occurred_on: Mapped[PartialDate]
    url: Mapped[str] = mapped_column(sa.Text, default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    role: Mapped[str] = mapped_column(sa.Text, default="")
    search_text: Mapped[str] = search_text_of("description", "role", "issuer")
    issuer: Mapped[str] = mapped_column(sa.String(200), default="")
    issued_on: Mapped[PartialDate | None]
    expires_on: Mapped[PartialDate | None]
    # When it was first submitted; None for a draft.
    submitted_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    # The name of the draft-scope token that wrote it; '' once its owner edits or accepts it.
    drafted_by: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")

    impacts: Mapped[list[Impact]] = relationship(
        order_by="Impact.position", cascade="all, delete-orphan"
    )
    files: Mapped[list[EvidenceFile]] = relationship(
        order_by="EvidenceFile.position", cascade="all, delete-orphan"
    )

    # No CHECK on the kind, so that a new kind needs no migration. The rules reject unknown ones.
    __table_args__ = (sa.UniqueConstraint("evidence_id", "number"),)


class Impact(Base):
    """A measured effect: metric, baseline, result, unit, and the source of the figure."""

    __tablename__ = "impact"

    id: Mapped[Id]
    version_id: Mapped[uuid.UUID] = foreign_key("evidence_version.id", index=True)
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    position: Mapped[int]
    type: Mapped[str] = mapped_column(sa.String(8))
    metric: Mapped[str] = mapped_column(sa.String(200), default="")
    baseline: Mapped[str] = mapped_column(sa.String(100), default="")
    result: Mapped[str] = mapped_column(sa.String(100), default="")
    unit: Mapped[str] = mapped_column(sa.String(60), default="")
    source_url: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (check_one_of("type", "type", IMPACT_TYPES),)


class EvidenceFile(Base):
    """A file of a version. The file store holds its content by SHA-256."""

    __tablename__ = "evidence_file"

    version_id: Mapped[uuid.UUID] = foreign_key("evidence_version.id", primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True, index=True)
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(100))


class UploadedFile(Base):
    """A file uploaded for an item that is not saved yet. It is kept for a day."""

    __tablename__ = "uploaded_file"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True, index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(100))
    uploaded_at: Mapped[dt.datetime] = mapped_column(index=True)


class EvidenceMilestone(Base):
    """A piece of evidence linked to a milestone.

    `left_out_review_id` is the review that verified the item but left this milestone out; a
    confirmation clears it. `taken_back_by` is the name of the reviewer who left it out in a review
    that they then withdrew, or '' once the item is reviewed again.
    """

    __tablename__ = "evidence_milestone"

    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", primary_key=True)
    milestone_key: Mapped[str] = foreign_key(
        "milestone.key", "RESTRICT", primary_key=True, index=True
    )
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    position: Mapped[int] = mapped_column(default=0)
    left_out_review_id: Mapped[uuid.UUID | None] = foreign_key("review.id", "SET NULL", index=True)
    taken_back_by: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    taken_back_by_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    created_at: Mapped[dt.datetime]


class EvidenceSkill(Base):
    """A piece of evidence linked to a skill."""

    __tablename__ = "evidence_skill"

    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", primary_key=True)
    skill_key: Mapped[str] = foreign_key("skill.key", "RESTRICT", primary_key=True, index=True)
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)


class Review(Base):
    """A review of one version by a manager of its author. It is kept when the manager leaves."""

    __tablename__ = "review"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", index=True)
    version_id: Mapped[uuid.UUID] = foreign_key("evidence_version.id", index=True)
    reviewer_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    reviewer_name: Mapped[str] = mapped_column(sa.String(200))
    # The title at the time of review, because a title can change without a new version.
    title: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    decision: Mapped[str] = mapped_column(sa.String(12))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    # A key of `people.labels.BASES`; "" for a returned version.
    basis: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")
    # The reviewer's role was given to them by the author.
    added_by_author: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # A script reviewed with the reviewer's personal token, if the operator allows that.
    by_token: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # When the reviewer started the review; None if they decided without starting one.
    started_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime]
    # The number of the version.
    version: Mapped[int] = column_property(
        sa.select(EvidenceVersion.number).where(EvidenceVersion.id == version_id).scalar_subquery()
    )

    __table_args__ = (check_one_of("decision", "decision", DECISIONS),)

    @property
    def reviewer(self) -> str:
        """Return the reviewer's name with markers: added by the author, or a script."""
        return reviewer_label(self.reviewer_name, self.added_by_author, self.by_token)

    @property
    def verified_by(self) -> str:
        """Return the reviewer's name with markers and the basis of the verification."""
        return reviewer_label(self.reviewer_name, self.added_by_author, self.by_token, self.basis)


class Confirmation(Base):
    """A reviewer's confirmation that a version proves a milestone, as worded in a revision.

    It is deleted with the link, so that a later link does not inherit it. The review and the
    history are kept.
    """

    __tablename__ = "confirmation"

    version_id: Mapped[uuid.UUID] = foreign_key("evidence_version.id", primary_key=True)
    milestone_key: Mapped[str] = foreign_key(
        "milestone.key", "RESTRICT", primary_key=True, index=True
    )
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    review_id: Mapped[uuid.UUID] = foreign_key("review.id", index=True)
    roadmap_revision_id: Mapped[uuid.UUID | None] = foreign_key(
        "roadmap_revision.id", "SET NULL", index=True
    )
    confirmed_at: Mapped[dt.datetime]


class Comment(Base):
    """A comment on a shared item, by its author or one of the author's managers."""

    __tablename__ = "evidence_comment"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", index=True)
    version_number: Mapped[int]
    author_id: Mapped[uuid.UUID | None] = foreign_key("user.id", "SET NULL", index=True)
    author_name: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    # The installation from whose archive it was imported; "" for a local comment.
    imported_from: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    created_at: Mapped[dt.datetime]


class ImportedReview(Base):
    """A review by another installation, imported from its author's archive.

    It has not been checked here. It is shown as history only, so that it verifies nothing.
    `milestones` are the keys that it confirmed.
    """

    __tablename__ = "imported_review"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = foreign_key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", index=True)
    version_number: Mapped[int]
    reviewer_name: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(200))
    decision: Mapped[str] = mapped_column(sa.String(12))
    comment: Mapped[str] = mapped_column(sa.Text)
    basis: Mapped[str] = mapped_column(sa.String(12))
    added_by_author: Mapped[bool]
    by_token: Mapped[bool]
    milestones: Mapped[list[Any]]
    started_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime]
    imported_from: Mapped[str] = mapped_column(sa.String(200))
    imported_at: Mapped[dt.datetime]

    __table_args__ = (check_one_of("decision", "decision", DECISIONS),)
