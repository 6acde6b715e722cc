"""Routes of the labor market and job offers, and their sample data."""

from __future__ import annotations

from typing import Any

from roadmap.market.actions import save_offer
from roadmap.market.models import ImportedPay, PayImport
from roadmap.market.rules import OfferTerms
from tests.support.route_entry import (
    ALICE,
    SIGN_IN,
    Change,
    Page,
    expect_change,
    expect_only_alice,
)

OFFER = {
    "name": "Example Search",
    "currency": "USD",
    "base": "190,000",
    "bonus": "",
    "equity": "200,000",
    "vesting_years": "4",
    "cliff_months": "12",
    "sign_on": "",
}

PAGES: tuple[Page, ...] = (
    Page(
        "/market",
        "market.read",
        "/market",
        variants=("/market?order=pay", "/market?figures=15-2051-2024-median"),
    ),
    Page("/market/offers", "offer.read", "/market/offers"),
    Page("/market/offers/<uuid:key>", "offer.read", "/market/offers/{offer}", ALICE),
)
CHANGES: tuple[Change, ...] = (
    Change("/market/offers", "POST", "offer.write", "/market/offers", OFFER),
    Change(
        "/market/offers/calculation",
        "POST",
        "offer.write",
        "/market/offers/calculation",
        OFFER,
        expect_change(200),
    ),
    Change(
        "/market/offers/<uuid:key>",
        "DELETE",
        "offer.write",
        "/market/offers/{offer}",
        {},
        expect_only_alice(nobody=SIGN_IN),
    ),
)


def create_sample_data(write: Any) -> dict[str, str]:
    """Add wages of 2022, with an unpublished state and one at the ceiling, and two job offers."""
    states = [
        ImportedPay(state="CA", jobs=31_000, mean=145_600, median=239_200, median_is_ceiling=True),
        ImportedPay(state="OR", jobs=2_400, mean=118_000, median=112_000),
        ImportedPay(state="WY"),
    ]
    write.session.add(
        PayImport(
            soc="15-2051", year=2022, file_name="oesm22st.zip", sha256="0" * 64,
            imported_at=write.now, states=states,
        )
    )  # fmt: skip
    terms = {
        "Lichen Ltd, senior ML engineer": OfferTerms(185_000, 27_000, 320_000, 4, 12, 25_000),
        "Moraine, ML platform": OfferTerms(210_000, equity=60_000),
    }
    offers = [
        save_offer(
            write.session, write.cast.alice, each, name=name, currency="USD", now=write.ago(3)
        )
        for name, each in terms.items()
    ]
    return {"offer": str(offers[0].id)}
