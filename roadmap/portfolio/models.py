"""Portfolios, their items and public links, and people's profiles."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id, foreign_key
from roadmap.people.models import OwnerId


class Portfolio(Base):
    """A selection of evidence for one audience. Each person has exactly one default portfolio.

    A person's first portfolio has the person's id, so that its URL exists before its row does.
    Lists of keys are stored space-separated.
    """

    __tablename__ = "portfolio"
    __table_args__ = (
        # The condition for PostgreSQL is only in the migration, because here it would load that
        # dialect on SQLite as well.
        sa.Index(
            "uq_portfolio_default",
            "user_id",
            unique=True,
            sqlite_where=sa.text("is_default"),
        ),
    )

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    # Only its owner sees it.
    name: Mapped[str] = mapped_column(sa.String(100))
    is_default: Mapped[bool] = mapped_column(default=False)
    headline: Mapped[str] = mapped_column(sa.String(200), default="")
    introduction: Mapped[str] = mapped_column(sa.Text, default="")
    shows_email: Mapped[bool] = mapped_column(default=False)
    shows_self_assessed: Mapped[bool] = mapped_column(default=False)
    shows_below_bar: Mapped[bool] = mapped_column(default=False)
    # Sorted keys.
    left_out_skills: Mapped[str] = mapped_column(sa.Text, default="")
    shown_profiles: Mapped[str] = mapped_column(sa.Text, default="")
    # The keys of all sections in order, "" for the default order.
    section_order: Mapped[str] = mapped_column(sa.Text, default="")
    hidden_sections: Mapped[str] = mapped_column(sa.Text, default="")
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


@dataclass(frozen=True, slots=True)
class Redaction:
    """The text shown in place of an item. `description` is Markdown."""

    title: str
    description: str = ""
    shows_impacts: bool = False


class PortfolioItem(Base):
    """A piece of evidence in a portfolio. Its visibility is checked whenever it is rendered.

    An item with a `redacted_title` is redacted: readers see that title and `redacted_description`
    (Markdown) instead of the original. A removed item keeps its redaction, without a position, so
    that it is not shown in full by mistake when it is added again.
    """

    __tablename__ = "portfolio_item"

    portfolio_id: Mapped[uuid.UUID] = foreign_key("portfolio.id", primary_key=True)
    evidence_id: Mapped[uuid.UUID] = foreign_key("evidence.id", primary_key=True, index=True)
    user_id: Mapped[OwnerId]
    position: Mapped[int | None]
    redacted_title: Mapped[str | None] = mapped_column(sa.String(200))
    redacted_description: Mapped[str] = mapped_column(sa.Text, default="")
    redacted_shows_impacts: Mapped[bool] = mapped_column(default=False)

    @property
    def redaction(self) -> Redaction | None:
        if self.redacted_title is None:
            return None
        return Redaction(
            self.redacted_title, self.redacted_description, self.redacted_shows_impacts
        )

    @redaction.setter
    def redaction(self, given: Redaction | None) -> None:
        self.redacted_title = given.title if given else None
        self.redacted_description = given.description if given else ""
        self.redacted_shows_impacts = bool(given and given.shows_impacts)


class PortfolioLink(Base):
    """A public link to a portfolio, valid until it is revoked or expires.

    Its URL contains the row's id and a signature. The owner can therefore see it again, while a
    copy of the database does not reveal it.
    """

    __tablename__ = "portfolio_link"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    portfolio_id: Mapped[uuid.UUID] = foreign_key("portfolio.id", index=True)
    label: Mapped[str] = mapped_column(sa.String(100), default="")
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    last_opened_on: Mapped[dt.date | None]

    @property
    def last_valid_at(self) -> dt.datetime | None:
        """Return the last moment at which the link is valid, a time on its last day."""
        return self.expires_at and self.expires_at - dt.timedelta(microseconds=1)


class Profile(Base):
    """A person's profile on an external network, at most one per network."""

    __tablename__ = "profile"

    user_id: Mapped[uuid.UUID] = foreign_key("user.id", primary_key=True)
    network: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    url: Mapped[str] = mapped_column(sa.String(500))
