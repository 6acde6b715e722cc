"""Rules of pay by state and of offers: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LEVELS = 5
# For how many years an offer is worked out.
HORIZON_YEARS = 4


@dataclass(frozen=True, slots=True)
class Pay:
    """Pay in one state, None where it is not published; at or above the amount of a ceiling."""

    amount: int | None
    is_ceiling: bool = False
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class PaySeries:
    """One measure of one occupation's pay by state, for one year.

    A state without an entry is not in the source. `file` is the imported one, empty for what comes
    with Cairn; `source` is a key of the content.
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
    shipped: Iterable[PaySeries], imported: Iterable[PaySeries], occupations: Sequence[str]
) -> list[PaySeries]:
    """Return what the page offers, best first.

    An import stands instead of what came with Cairn for the same occupation, unless that is newer.
    Whole series come before partial ones, newer before older, the first occupation before others.
    """
    imported = list(imported)
    newest: dict[str, int] = {}
    for each in imported:
        newest[each.soc] = max(each.year, newest.get(each.soc, each.year))
    kept = [each for each in shipped if each.year > newest.get(each.soc, 0)]
    order = {soc: number for number, soc in enumerate(occupations)}
    return sorted(
        [*kept, *imported],
        key=lambda each: (each.is_partial, -each.year, order[each.soc], each.measure != "median"),
    )


def pay_levels(pay: Mapping[str, Pay]) -> dict[str, int]:
    """Return the fifth, 1 to 5, in which each published amount is; equal amounts share one.

    An amount that is only known to be at or above a ceiling is in the highest.
    """
    amounts = {state: each.amount for state, each in pay.items() if each.amount is not None}
    ranked = sorted(amounts.values())
    return {
        state: LEVELS if pay[state].is_ceiling else 1 + ranked.index(amount) * LEVELS // len(ranked)
        for state, amount in amounts.items()
    }


def level_ranges(pay: Mapping[str, Pay]) -> dict[int, tuple[int, int]]:
    """Return the lowest and the highest amount of each fifth that holds one."""
    ranges: dict[int, tuple[int, int]] = {}
    for state, level in sorted(pay_levels(pay).items()):
        amount = pay[state].amount or 0
        low, high = ranges.get(level, (amount, amount))
        ranges[level] = (min(low, amount), max(high, amount))
    return dict(sorted(ranges.items()))


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What an offer says, in whole units of one currency.

    `base` and `bonus` are for a year, `equity` is the whole grant, `sign_on` is paid once in the
    first year. The grant vests evenly month by month; before the cliff nothing has vested.
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


def vested(terms: OfferTerms, months: int) -> Fraction:
    """Return how much of the grant has vested after so many months.

    At the cliff all months until then vest at once. A cliff after the end delays the end.
    """
    if months < terms.cliff_months:
        return Fraction(0)
    whole = 12 * terms.vesting_years
    return Fraction(terms.equity * min(months, whole), whole)


def offer_years(terms: OfferTerms) -> list[OfferYear]:
    """Return the first four years of an offer, before taxes, at today's price of the equity."""
    ends = [vested(terms, 12 * year) for year in range(HORIZON_YEARS + 1)]
    return [
        OfferYear(
            terms.base + terms.bonus, ends[year + 1] - ends[year], 0 if year else terms.sign_on
        )
        for year in range(HORIZON_YEARS)
    ]


def average_year(terms: OfferTerms) -> Fraction:
    """Return the one figure by which offers are compared: the mean of the first four years."""
    return sum((year.total for year in offer_years(terms)), Fraction(0)) / HORIZON_YEARS
