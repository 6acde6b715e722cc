"""/market/offers: calculate an offer without storing it, and save it for its owner only."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from roadmap.market.models import Offer
from roadmap.people.models import AuditEntry, HistoryEntry, User

OFFER = {
    "name": "Lichen Ltd",
    "currency": "usd",
    "base": "180,000",
    "bonus": "20000",
    "equity": "400 000",
    "vesting_years": "4",
    "cliff_months": "12",
    "sign_on": "30'000",
}
CALCULATION = "/market/offers/calculation"


def figures(page: str) -> dict[str, str]:
    """Return the two headline figures by label."""
    part = page.partition('<dl class="figures">')[2].partition("</dl>")[0]
    return dict(re.findall(r"<dt>([^<]+)</dt>\s*<dd>([^<]+)</dd>", part))


def count_offers(session) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(Offer))


@pytest.fixture
def offer(session, cast, browser_of):
    browser_of(cast.alice).post("/market/offers", OFFER)
    return session.scalars(sa.select(Offer.id)).one()


def test_calculation_shows_figures_and_stores_nothing(session, cast, browser_of):
    alice = browser_of(cast.alice)
    version = session.scalar(sa.select(User.version).where(User.id == cast.alice))
    assert 'value="12"' in alice.get("/market/offers").text
    response = alice.post(CALCULATION, OFFER)
    assert response.status_code == 200
    assert figures(response.text) == {
        "a year, average of four years": "307,500",
        "first year": "330,000",
    }
    assert "in USD before taxes" in response.text
    for value in ("180,000", "400 000", "30&#39;000", "Lichen Ltd"):
        assert f'value="{value}"' in response.text, "the form keeps the input"
    assert count_offers(session) == 0
    assert session.scalar(sa.select(User.version).where(User.id == cast.alice)) == version


def test_offers_are_saved_compared_and_deleted(session, cast, browser_of, offer):
    alice = browser_of(cast.alice)
    better = {**OFFER, "name": "Moraine", "base": "250000", "equity": "", "sign_on": ""}
    response = alice.post("/market/offers", better)
    assert (response.status_code, response.location) == (303, "/market/offers#saved")
    page = alice.get("/market/offers").text
    assert "The offer “Moraine” is saved. Only you see it." in page
    saved = page.partition('id="saved"')[2]
    assert saved.index("Lichen Ltd") < saved.index("Moraine"), "307,500 before 270,000"
    assert "307,500 USD a year" in saved
    assert "first year 330,000" in saved
    page = alice.get(f"/market/offers/{offer}").text
    assert figures(page)["first year"] == "330,000"
    assert 'value="180000"' in page
    assert alice.delete(f"/market/offers/{offer}").status_code == 303
    assert "The offer “Lichen Ltd” is deleted." in alice.get("/market/offers").text
    assert count_offers(session) == 1
    assert alice.get(f"/market/offers/{offer}").status_code == 404


def test_offer_leaves_no_history_or_audit_entry(session, cast, browser_of, offer):
    browser_of(cast.alice).delete(f"/market/offers/{offer}")
    for model in (HistoryEntry, AuditEntry):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0


def test_offers_in_other_currencies_are_not_converted(cast, browser_of, offer):
    alice = browser_of(cast.alice)
    alice.post("/market/offers", {**OFFER, "name": "Fjell AS", "currency": "NOK", "base": "999999"})
    page = alice.get("/market/offers").text.partition('id="saved"')[2]
    assert "1,127,499 NOK a year" in page
    assert page.index("Fjell AS") < page.index("Lichen Ltd"), "by currency, then amount"
    assert "amounts are not converted" in page


@pytest.mark.parametrize("role", ["bob", "carol", "dave", "erin", "mallory"])
def test_offer_is_private_to_its_owner(session, cast, browser_of, offer, role):
    other = browser_of(getattr(cast, role))
    assert other.get(f"/market/offers/{offer}").status_code == 404
    assert other.delete(f"/market/offers/{offer}").status_code == 404
    assert "Lichen" not in other.get("/market/offers").text
    assert count_offers(session) == 1


def test_offers_require_sign_in(browser_of):
    assert browser_of().get("/market/offers").location == "/login?next=/market/offers"
    assert browser_of().post(CALCULATION, OFFER).status_code == 401


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base": ""}, "Enter the base salary as a whole amount"),
        ({"base": "0"}, "Enter the base salary as a whole amount"),
        ({"base": "a lot"}, "Enter the base salary as a whole amount"),
        ({"base": "-5"}, "Enter the base salary as a whole amount"),
        ({"base": "180.50"}, "Enter the base salary as a whole amount"),
        ({"base": "1234567890"}, "Enter the base salary as a whole amount"),
        ({"base": "1,000,000,000"}, "Enter the base salary as a whole amount"),
        ({"base": "٣٠٠٠"}, "Enter the base salary as a whole amount"),
        ({"equity": "1e9"}, 'value="1e9"'),
        ({"bonus": "15%"}, "Enter a whole amount without cents"),
        ({"currency": ""}, "Which currency?"),
        ({"currency": "dollars"}, "Three letters"),
        ({"currency": "U$D"}, "Three letters"),
        ({"vesting_years": "0"}, "from 1 to 10"),
        ({"vesting_years": "four"}, 'value="four"'),
        ({"vesting_years": ""}, "from 1 to 10"),
        ({"cliff_months": "37"}, "from 0 to 36"),
        ({"name": "x" * 201}, "At most 200 characters"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_invalid_offer_is_rejected(session, cast, browser_of, change, message):
    for url in (CALCULATION, "/market/offers"):
        response = browser_of(cast.alice).post(url, {**OFFER, **change})
        assert response.status_code == 422
        assert message in response.text
        assert "Please fix one thing" in response.text
        assert response.text.count('class="error"') == 1
    assert count_offers(session) == 0


def test_name_is_required_only_for_saving(session, cast, browser_of):
    unnamed = {**OFFER, "name": " "}
    assert browser_of(cast.alice).post(CALCULATION, unnamed).status_code == 200
    response = browser_of(cast.alice).post("/market/offers", unnamed)
    assert response.status_code == 422
    assert "To save it, give it a name" in response.text
    assert count_offers(session) == 0
