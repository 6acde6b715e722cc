"""The value of an offer: vesting with a cliff, the first year, the four-year average."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap.market.rules import OfferTerms, average_year, offer_years, vested_amount

AMOUNTS = st.integers(0, 999_999_999)
TERMS = st.builds(
    OfferTerms, AMOUNTS, AMOUNTS, AMOUNTS, st.integers(1, 10), st.integers(0, 36), AMOUNTS
)


def totals(terms: OfferTerms) -> list[Fraction]:
    return [year.total for year in offer_years(terms)]


def test_typical_offer_totals_and_average():
    terms = OfferTerms(180_000, bonus=20_000, equity=400_000, sign_on=30_000)
    assert totals(terms) == [330_000, 300_000, 300_000, 300_000]
    assert average_year(terms) == 307_500


@pytest.mark.parametrize(
    ("years", "cliff", "by_year"),
    [
        (4, 0, [12, 12, 12, 12]),
        (4, 12, [12, 12, 12, 12]),
        # The months before the cliff vest at once, in the year of the cliff.
        (4, 13, [0, 24, 12, 12]),
        (4, 18, [0, 24, 12, 12]),
        (3, 12, [16, 16, 16, 0]),
        (1, 6, [48, 0, 0, 0]),
        (2, 36, [0, 0, 48, 0]),
        (6, 12, [8, 8, 8, 8]),
    ],
)
def test_grant_vests_by_year(years, cliff, by_year):
    terms = OfferTerms(0, equity=48, vesting_years=years, cliff_months=cliff)
    assert [year.equity for year in offer_years(terms)] == by_year


def test_nothing_vests_before_the_cliff():
    terms = OfferTerms(0, equity=48)
    assert [vested_amount(terms, month) for month in (0, 11, 12, 13, 48, 60)] == [
        0,
        0,
        12,
        13,
        48,
        48,
    ]


@given(TERMS, st.integers(0, 140), st.integers(0, 140))
def test_vested_amount_never_falls_or_exceeds_the_grant(terms, one, other):
    earlier, later = sorted((one, other))
    assert 0 <= vested_amount(terms, earlier) <= vested_amount(terms, later) <= terms.equity
    if earlier < terms.cliff_months:
        assert vested_amount(terms, earlier) == 0


@given(TERMS)
def test_yearly_totals_add_up(terms):
    once = terms.sign_on + vested_amount(terms, 48)
    assert sum(totals(terms)) == 4 * (terms.base + terms.bonus) + once == 4 * average_year(terms)
    if terms.vesting_years <= 4:
        assert vested_amount(terms, 48) == terms.equity


@given(TERMS, st.integers(0, 36))
def test_cliff_delays_vesting_without_changing_the_average(terms, cliff):
    other = replace(terms, cliff_months=cliff)
    assert average_year(other) == average_year(terms)
    if cliff >= terms.cliff_months:
        assert totals(other)[0] <= totals(terms)[0]


@given(TERMS, st.sampled_from(["base", "bonus", "equity", "sign_on"]), AMOUNTS)
def test_higher_offer_is_never_worth_less(terms, part, more):
    better = replace(terms, **{part: getattr(terms, part) + more})
    assert average_year(better) >= average_year(terms)
    assert totals(better)[0] >= totals(terms)[0]
