"""What a person chose to show: an introduction, and pieces of evidence in an order."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from roadmap.core.types import Base


class Portfolio(Base):
    __tablename__ = "portfolio"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    headline: Mapped[str] = mapped_column(sa.String(200), default="")
    introduction: Mapped[str] = mapped_column(sa.Text, default="")
    shows_email: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime]


class PortfolioItem(Base):
    """A piece in the portfolio, at its place. Visibility is asked again at every export."""

    __tablename__ = "portfolio_item"

    user_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    evidence_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("evidence.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]
