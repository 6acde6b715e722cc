"""Tables of badges, of their revocation, and of the keys that sign them."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roadmap.core.types import Base, Id, Json, check_one_of
from roadmap.people.models import OwnerId

ED25519, RS256 = ALGORITHMS = ("Ed25519", "RS256")
# "" while it stands; revoked by its owner, or because what it says no longer holds.
REASONS = ("", "owner", "evidence")


class SigningKey(Base):
    """A key pair of this installation; one of each algorithm is in use.

    `private` is encrypted with a key that is derived from ROADMAP_SECRET_KEY, and empty once the
    pair is retired. The public half stays, so that what it signed can be verified.
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
        # Two processes that begin at once make one pair. The condition for PostgreSQL stands in the
        # migration alone: here it would load that dialect on SQLite too.
        sa.Index(
            "ix_signing_key_in_use",
            "algorithm",
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
        ),
    )


class BadgeStatus(Base):
    """The place of a badge in the status lists. It names nobody, and outlives the account.

    So the file of a badge whose person was erased is read as revoked, and its place is never given
    to another.
    """

    __tablename__ = "badge_status"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revoked_at: Mapped[dt.datetime | None]


class Badge(Base):
    """A badge as it was signed, in both forms. It never changes, except that it is revoked.

    Both are empty in one that named a manager who was erased.

    `subject` is the id of a piece of evidence, or `roadmap/stage`. `claims` are the
    milestones that it rests on, by the id of the evidence: `{evidence id: [milestone key, …]}`.
    """

    __tablename__ = "badge"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    # Of its `BadgeStatus`; without a foreign key, because it says something by itself elsewhere.
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
        """Return when it was revoked; None while it stands."""
        return self.status.revoked_at

    @property
    def evidence_ids(self) -> set[uuid.UUID]:
        """Return the pieces that it rests on."""
        return {uuid.UUID(evidence_id) for evidence_id in self.claims}
