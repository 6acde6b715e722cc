"""Rules of pay by state and of offers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LEVELS = 5
# Number of years for which an offer is calculated.
HORIZON_YEARS = 4


@dataclass(frozen=True, slots=True)
class Pay:
    """Pay in one state, None if unpublished. `is_ceiling` means "at or above the amount"."""

    amount: int | None
    is_ceiling: bool = False
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class PaySeries:
    """One measure of one occupation's pay by state, for one year.

    States that are not in the source have no entry. `file` is the name of the imported file, empty
    for bundled figures. `source` is a key of the content.
    """

    soc: str
    measure: str
    year: int
    currency: str
    pay: Mapping[str, Pay]
    source: str
    is_secondary: bool = False
    is_partial: bool = False
    note: str = ""
    file: str = ""

    @property
    def key(self) -> str:
        return f"{self.soc}-{self.year}-{self.measure}"


def choose_series(
    bundled: Iterable[PaySeries], imported: Iterable[PaySeries], occupations: Sequence[str]
) -> list[PaySeries]:
    """Return the series to offer, best first.

    An import replaces the bundled series of the same occupation, unless that one is newer.
    Complete series come first, then newer ones, then the order of `occupations`.
    """
    imported = list(imported)
    newest: dict[str, int] = {}
    for each in imported:
        newest[each.soc] = max(each.year, newest.get(each.soc, each.year))
    kept = [each for each in bundled if each.year > newest.get(each.soc, 0)]
    order = {soc: number for number, soc in enumerate(occupations)}
    return sorted(
        [*kept, *imported],
        key=lambda each: (each.is_partial, -each.year, order[each.soc], each.measure != "median"),
    )


def pay_levels(pay: Mapping[str, Pay]) -> dict[str, int]:
    """Return the quintile, 1 to 5, of each published amount. Equal amounts share one.

    Amounts that are only known to be at or above a ceiling are in the highest quintile.
    """
    amounts = {state: each.amount for state, each in pay.items() if each.amount is not None}
    ranked = sorted(amounts.values())
    return {
        state: LEVELS if pay[state].is_ceiling else 1 + ranked.index(amount) * LEVELS // len(ranked)
        for state, amount in amounts.items()
    }


def level_ranges(pay: Mapping[str, Pay]) -> dict[int, tuple[int, int]]:
    """Return the lowest and highest amount of each quintile that is not empty."""
    ranges: dict[int, tuple[int, int]] = {}
    for state, level in sorted(pay_levels(pay).items()):
        amount = pay[state].amount or 0
        low, high = ranges.get(level, (amount, amount))
        ranges[level] = (min(low, amount), max(high, amount))
    return dict(sorted(ranges.items()))


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """The terms of an offer, in whole units of one currency.

    `base` and `bonus` are per year, `equity` is the whole grant, `sign_on` is paid once in the
    first year. The grant vests in equal monthly parts, starting at the cliff.
    """

    base: int
    bonus: int = 0
    equity: int = 0
    vesting_years: int = 4
    cliff_months: int = 12
    sign_on: int = 0


@dataclass(frozen=True, slots=True)
class OfferYear:
    cash: int
    equity: Fraction
    sign_on: int

    @property
    def total(self) -> Fraction:
        return self.cash + self.equity + self.sign_on


def vested_amount(terms: OfferTerms, months: int) -> Fraction:
    """Return how much of the grant has vested after a number of months.

    At the cliff, all previous months vest at once. A cliff after the end delays the vesting.
    """
    if months < terms.cliff_months:
        return Fraction(0)
    whole = 12 * terms.vesting_years
    return Fraction(terms.equity * min(months, whole), whole)


def offer_years(terms: OfferTerms) -> list[OfferYear]:
    """Return the first four years of an offer, before taxes, at today's equity price."""
    ends = [vested_amount(terms, 12 * year) for year in range(HORIZON_YEARS + 1)]
    return [
        OfferYear(
            terms.base + terms.bonus, ends[year + 1] - ends[year], 0 if year else terms.sign_on
        )
        for year in range(HORIZON_YEARS)
    ]


def average_year(terms: OfferTerms) -> Fraction:
    """Return the mean of the first four years, by which offers are compared."""
    return sum((year.total for year in offer_years(terms)), Fraction(0)) / HORIZON_YEARS
