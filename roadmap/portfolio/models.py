"""The tables of the portfolio."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base, Id


class Portfolio(Base):
    __tablename__ = "portfolio"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    headline: Mapped[str] = mapped_column(sa.String(200), default="")
    introduction: Mapped[str] = mapped_column(sa.Text, default="")
    shows_email: Mapped[bool] = mapped_column(default=False)
    shows_self_assessed: Mapped[bool] = mapped_column(default=False)
    shows_below_bar: Mapped[bool] = mapped_column(default=False)
    # The keys of the skills that are not shown, sorted, with a space between.
    left_out_skills: Mapped[str] = mapped_column(sa.Text, default="")
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime]


class PortfolioItem(Base):
    """A piece in the portfolio at its position. Its visibility is checked at every export."""

    __tablename__ = "portfolio_item"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    evidence_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("evidence.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]


class PortfolioLink(Base):
    """A public link to a portfolio, until it is revoked or expires.

    Its URL holds this row's id and a signature, so that it can be shown again while a copy of the
    database alone opens nothing.
    """

    __tablename__ = "portfolio_link"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), index=True
    )
    label: Mapped[str] = mapped_column(sa.String(100), default="")
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    last_opened_on: Mapped[dt.date | None]
