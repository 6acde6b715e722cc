"""Evidence, its versions, what it is linked to, and the judgements of it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, column_property, mapped_column, relationship

from roadmap.core.dates import PartialDate
from roadmap.core.folding import search_text_of
from roadmap.core.types import Base, Id, check_one_of
from roadmap.evidence.constants import DECISIONS, IMPACT_TYPES, STATES, VISIBILITIES
from roadmap.evidence.item import Audience, is_visible, shared_state
from roadmap.people.labels import judge_name


def _key(target: str, ondelete: str = "CASCADE", **options: Any) -> MappedColumn[Any]:
    """Declare the key of another row, and what becomes of this row when that one is deleted."""
    return mapped_column(sa.ForeignKey(target, ondelete=ondelete), **options)


class Evidence(Base):
    """A dated artefact that proves something.

    Its content (kind, date, link, description, role, issuer, expiry, impacts) is in its versions,
    because a review judges a version. `current` is the newest; `verified_version_id` the verified
    one, which counts until a newer one is judged.
    """

    __tablename__ = "evidence"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = _key("user.id")
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
    # Who took it up, and when; only while it is in review.
    reviewer_id: Mapped[uuid.UUID | None] = _key("user.id", "SET NULL", index=True)
    review_started_at: Mapped[dt.datetime | None]
    submitted_at: Mapped[dt.datetime | None]
    title_changed_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    # When its author last changed it or asked for a review; a reviewer does not change it.
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
        """Tell whether its owner's managers see it: submitted or later, and not private."""
        verified = self.verified_version_id is not None
        return is_visible(self.state, self.visibility, Audience.MANAGER, has_verified=verified)

    @property
    def shared_state(self) -> str:
        """Return the state as managers read it."""
        return shared_state(self.state, has_verified=self.verified_version_id is not None)

    @property
    def is_public(self) -> bool:
        """Tell whether it may be shown in the portfolio."""
        verified = self.verified_version_id is not None
        return is_visible(self.state, self.visibility, Audience.PUBLIC, has_verified=verified)

    @property
    def milestone_keys(self) -> list[str]:
        return [row.milestone_key for row in self.links]

    @property
    def skill_keys(self) -> list[str]:
        return [row.skill_key for row in self.skills]


class EvidenceVersion(Base):
    """One version of the content. It never changes once it has been submitted."""

    __tablename__ = "evidence_version"

    id: Mapped[Id]
    evidence_id: Mapped[uuid.UUID] = _key("evidence.id")
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(16))
    occurred_on: Mapped[PartialDate]
    url: Mapped[str] = mapped_column(sa.Text, default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    role: Mapped[str] = mapped_column(sa.Text, default="")
    search_text: Mapped[str] = search_text_of("description", "role")
    issuer: Mapped[str] = mapped_column(sa.String(200), default="")
    issued_on: Mapped[PartialDate | None]
    expires_on: Mapped[PartialDate | None]
    # When it could be judged for the first time; None while it is a draft.
    submitted_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    # The name of the token of the scope draft that wrote it, until its owner edits or accepts it.
    drafted_by: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")

    impacts: Mapped[list[Impact]] = relationship(
        order_by="Impact.position", cascade="all, delete-orphan"
    )
    files: Mapped[list[EvidenceFile]] = relationship(
        order_by="EvidenceFile.position", cascade="all, delete-orphan"
    )

    # No CHECK on the kind: the rules refuse an unknown one, and a new kind needs no migration.
    __table_args__ = (sa.UniqueConstraint("evidence_id", "number"),)


class Impact(Base):
    """A measured effect: metric, baseline, result, unit, and the source of the figure."""

    __tablename__ = "impact"

    id: Mapped[Id]
    version_id: Mapped[uuid.UUID] = _key("evidence_version.id", index=True)
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    position: Mapped[int]
    type: Mapped[str] = mapped_column(sa.String(8))
    metric: Mapped[str] = mapped_column(sa.String(200), default="")
    baseline: Mapped[str] = mapped_column(sa.String(100), default="")
    result: Mapped[str] = mapped_column(sa.String(100), default="")
    unit: Mapped[str] = mapped_column(sa.String(60), default="")
    source_url: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (check_one_of("type", "type", IMPACT_TYPES),)


class EvidenceFile(Base):
    """A file of a version. Its content is in the file store, under its SHA-256."""

    __tablename__ = "evidence_file"

    version_id: Mapped[uuid.UUID] = _key("evidence_version.id", primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True, index=True)
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(100))


class UploadedFile(Base):
    """A file that a person sent for a piece which is not saved yet. It is kept for a day."""

    __tablename__ = "uploaded_file"

    user_id: Mapped[uuid.UUID] = _key("user.id", primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True, index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(100))
    uploaded_at: Mapped[dt.datetime] = mapped_column(index=True)


class EvidenceMilestone(Base):
    """A piece of evidence linked to a milestone.

    `left_out_review_id` is the review that verified the item and left this milestone out; a
    confirmation clears it. `taken_back_by` is the name of who left it out in a review that they
    took back, '' once the item is judged again.
    """

    __tablename__ = "evidence_milestone"

    evidence_id: Mapped[uuid.UUID] = _key("evidence.id", primary_key=True)
    milestone_key: Mapped[str] = _key("milestone.key", "RESTRICT", primary_key=True, index=True)
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    position: Mapped[int] = mapped_column(default=0)
    left_out_review_id: Mapped[uuid.UUID | None] = _key("review.id", "SET NULL", index=True)
    taken_back_by: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    taken_back_by_id: Mapped[uuid.UUID | None] = _key("user.id", "SET NULL", index=True)
    created_at: Mapped[dt.datetime]


class EvidenceSkill(Base):
    """A piece of evidence linked to a skill."""

    __tablename__ = "evidence_skill"

    evidence_id: Mapped[uuid.UUID] = _key("evidence.id", primary_key=True)
    skill_key: Mapped[str] = _key("skill.key", "RESTRICT", primary_key=True, index=True)
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)


class Review(Base):
    """A review of one version by a manager of its author. It stays when the manager leaves."""

    __tablename__ = "review"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID] = _key("evidence.id", index=True)
    version_id: Mapped[uuid.UUID] = _key("evidence_version.id", index=True)
    reviewer_id: Mapped[uuid.UUID | None] = _key("user.id", "SET NULL", index=True)
    reviewer_name: Mapped[str] = mapped_column(sa.String(200))
    # The title at that time: a title can change without a new version.
    title: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    decision: Mapped[str] = mapped_column(sa.String(12))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    # A key of `people.labels.BASES` where it was verified; "" for what was returned.
    basis: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")
    # The reviewer could only do so by a role that the author gave them.
    added_by_author: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # A script gave it by a personal token of the reviewer, where the operator allows that.
    by_token: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # When the reviewer had taken the item up; None where they decided at once.
    started_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime]
    # The number of the version.
    version: Mapped[int] = column_property(
        sa.select(EvidenceVersion.number).where(EvidenceVersion.id == version_id).scalar_subquery()
    )

    __table_args__ = (check_one_of("decision", "decision", DECISIONS),)

    @property
    def reviewer(self) -> str:
        """Return the reviewer's name, marked where the author added them or a script judged."""
        return judge_name(self.reviewer_name, self.added_by_author, self.by_token)

    @property
    def verified_by(self) -> str:
        """Return the name with what the verification rests on, as it is printed."""
        return judge_name(self.reviewer_name, self.added_by_author, self.by_token, self.basis)


class Confirmation(Base):
    """A reviewer's confirmation that a version proves a milestone, as its roadmap worded it then.

    It is deleted with the link, so that a later link does not inherit it; the review and the
    history keep what was said.
    """

    __tablename__ = "confirmation"

    version_id: Mapped[uuid.UUID] = _key("evidence_version.id", primary_key=True)
    milestone_key: Mapped[str] = _key("milestone.key", "RESTRICT", primary_key=True, index=True)
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    review_id: Mapped[uuid.UUID] = _key("review.id", index=True)
    roadmap_revision_id: Mapped[uuid.UUID | None] = _key(
        "roadmap_revision.id", "SET NULL", index=True
    )
    confirmed_at: Mapped[dt.datetime]


class Comment(Base):
    """A comment on a shared item, by its author or one of the author's managers."""

    __tablename__ = "evidence_comment"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID] = _key("evidence.id", index=True)
    version_number: Mapped[int]
    author_id: Mapped[uuid.UUID | None] = _key("user.id", "SET NULL", index=True)
    author_name: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    # The installation whose archive brought it; "" for what was said here.
    imported_from: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    created_at: Mapped[dt.datetime]


class ImportedReview(Base):
    """A review that another installation recorded, as the archive of its author says.

    Nobody here has checked that. It is shown as history; nothing else reads it, so that it verifies
    nothing. `milestones` are the keys that it confirmed.
    """

    __tablename__ = "imported_review"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = _key("user.id", index=True)
    evidence_id: Mapped[uuid.UUID] = _key("evidence.id", index=True)
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
