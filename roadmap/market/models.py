"""Tables of imported pay by state and of saved offers."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import fields

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roadmap.core.types import Base, Id, foreign_key
from roadmap.market.rules import OfferTerms
from roadmap.people.models import OwnerId


class PayImport(Base):
    """An import of one occupation's pay in May of a year from a published file."""

    __tablename__ = "pay_import"

    id: Mapped[Id]
    soc: Mapped[str] = mapped_column(sa.String(7))
    year: Mapped[int]
    file_name: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    imported_at: Mapped[dt.datetime]

    states: Mapped[list[ImportedPay]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ImportedPay.state"
    )

    __table_args__ = (sa.UniqueConstraint("soc", "year"),)


class ImportedPay(Base):
    """Annual wages in one state, None if unpublished. A ceiling means "at or above"."""

    __tablename__ = "imported_pay"

    import_id: Mapped[uuid.UUID] = foreign_key("pay_import.id", primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    jobs: Mapped[int | None]
    mean: Mapped[int | None]
    mean_is_ceiling: Mapped[bool] = mapped_column(default=False)
    median: Mapped[int | None]
    median_is_ceiling: Mapped[bool] = mapped_column(default=False)


class Offer(Base):
    """A saved offer, visible only to its owner. Amounts are as in `OfferTerms`."""

    __tablename__ = "offer"

    id: Mapped[Id]
    user_id: Mapped[OwnerId]
    name: Mapped[str] = mapped_column(sa.String(200))
    currency: Mapped[str] = mapped_column(sa.String(3))
    base: Mapped[int]
    bonus: Mapped[int]
    equity: Mapped[int]
    vesting_years: Mapped[int]
    cliff_months: Mapped[int]
    sign_on: Mapped[int]
    created_at: Mapped[dt.datetime]

    @property
    def terms(self) -> OfferTerms:
        return OfferTerms(**{each.name: getattr(self, each.name) for each in fields(OfferTerms)})
