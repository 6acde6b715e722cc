"""Tables of badges, their revocation status and the signing keys."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roadmap.core.types import Base, Id, Json, check_one_of
from roadmap.people.models import OwnerId

ED25519, RS256 = ALGORITHMS = ("Ed25519", "RS256")
# Why a badge was revoked: by its owner, or because its evidence no longer supports it.
REASONS = ("", "owner", "evidence")


class SigningKey(Base):
    """A key pair of this installation. One per algorithm is current, the others are retired.

    `private` is encrypted with a key derived from ROADMAP_SECRET_KEY, and empty once retired. The
    public key is kept to verify old signatures.
    """

    __tablename__ = "signing_key"

    id: Mapped[Id]
    algorithm: Mapped[str] = mapped_column(sa.String(8))
    public_jwk: Mapped[Json]
    private: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[dt.datetime]
    retired_at: Mapped[dt.datetime | None]

    __table_args__ = (
        check_one_of("algorithm", "algorithm", ALGORITHMS),
        # Prevents concurrent processes from creating two pairs. The condition for PostgreSQL is
        # only in the migration, because here it would load that dialect on SQLite too.
        sa.Index(
            "ix_signing_key_in_use",
            "algorithm",
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
        ),
    )


class BadgeStatus(Base):
    """A badge's position in the status lists. It names nobody, and outlives the account.

    Thus badges of an erased user verify as revoked, and their positions are never reused.
    """

    __tablename__ = "badge_status"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revoked_at: Mapped[dt.datetime | None]


class Badge(Base):
    """A signed badge as JSON and JWT. It is immutable except for its revocation.

    `document` and `jwt` are empty if the badge named a manager who was erased. `subject` is the
    id of a piece of evidence, or `roadmap/stage`. `claims` are the confirmed milestones by
    evidence: `{evidence id: [milestone key, …]}`.
    """

    __tablename__ = "badge"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    # Position of its `BadgeStatus`. Not a foreign key, so that archives can contain badges.
    position: Mapped[int] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(sa.String(130))
    name: Mapped[str] = mapped_column(sa.String(300))
    claims: Mapped[Json]
    document: Mapped[str] = mapped_column(sa.Text)
    jwt: Mapped[str] = mapped_column(sa.Text)
    issued_at: Mapped[dt.datetime]
    revoked_for: Mapped[str] = mapped_column(sa.String(8), default="")

    status: Mapped[BadgeStatus] = relationship(
        primaryjoin=lambda: sa.orm.foreign(Badge.position) == BadgeStatus.position,
        lazy="joined",
        innerjoin=True,
        viewonly=True,
    )

    __table_args__ = (check_one_of("revoked_for", "revoked_for", REASONS),)

    @property
    def revoked_at(self) -> dt.datetime | None:
        """Return when the badge was revoked, None while it is active."""
        return self.status.revoked_at

    @property
    def evidence_ids(self) -> set[uuid.UUID]:
        """Return the ids of the evidence that the badge is based on."""
        return {uuid.UUID(evidence_id) for evidence_id in self.claims}
