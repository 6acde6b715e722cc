"""Which wages by state are shown, and the quintile of each state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roadmap.market.rules import LEVELS, Pay, PaySeries, choose_series, level_ranges, pay_levels

A, B = "15-2051", "15-1221"
AMOUNTS = st.none() | st.integers(0, 300_000)
PAY = st.dictionaries(st.text("ABCDEF", min_size=2, max_size=2), st.builds(Pay, AMOUNTS))


def series(soc: str, year: int, measure: str = "mean", **more: object) -> PaySeries:
    return PaySeries(soc, measure, year, "USD", {}, "source", **more)


def chosen(shipped: list[PaySeries], imported: list[PaySeries]) -> list[tuple[str, int, str]]:
    found = choose_series(shipped, imported, [A, B])
    return [(each.soc, each.year, each.measure) for each in found]


def test_a_whole_table_comes_before_a_newer_one_of_few_states():
    shipped = [series(A, 2024, "median", is_partial=True), series(A, 2021)]
    assert chosen(shipped, []) == [(A, 2021, "mean"), (A, 2024, "median")]


def test_an_import_stands_instead_of_what_is_older_or_of_its_year():
    shipped = [series(A, 2021), series(A, 2024, "median", is_partial=True), series(B, 2021)]
    imported = [series(A, 2024, "mean"), series(A, 2024, "median")]
    assert chosen(shipped, imported) == [(A, 2024, "median"), (A, 2024, "mean"), (B, 2021, "mean")]


def test_an_import_that_is_older_leaves_what_is_newer():
    shipped = [series(A, 2024, "median", is_partial=True)]
    assert chosen(shipped, [series(A, 2022)]) == [(A, 2022, "mean"), (A, 2024, "median")]


def test_several_imports_are_offered_newest_first():
    imported = [series(B, 2025), series(A, 2023), series(A, 2025)]
    assert chosen([], imported) == [(A, 2025, "mean"), (B, 2025, "mean"), (A, 2023, "mean")]


def test_ten_states_are_two_in_each_fifth():
    pay = {f"S{number}": Pay(1_000 * number) for number in range(10)}
    assert list(pay_levels(pay).values()) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert level_ranges(pay)[2] == (2_000, 3_000)


def test_at_the_ceiling_is_the_highest_fifth():
    pay = {f"S{number}": Pay(239_200, is_ceiling=True) for number in range(4)}
    assert set(pay_levels(pay | {"AA": Pay(90_000)}).values()) == {1, LEVELS}


@given(PAY)
def test_a_higher_amount_is_never_in_a_lower_fifth(pay):
    levels = pay_levels(pay)
    assert levels.keys() == {state for state, each in pay.items() if each.amount is not None}
    assert all(1 <= level <= LEVELS for level in levels.values())
    for one, level in levels.items():
        for other, other_level in levels.items():
            if pay[one].amount == pay[other].amount:
                assert level == other_level
            elif pay[one].amount < pay[other].amount:
                assert level <= other_level


@given(PAY)
def test_ranges_hold_every_amount_and_never_overlap(pay):
    ranges, levels = level_ranges(pay), pay_levels(pay)
    assert ranges.keys() == set(levels.values())
    for state, level in levels.items():
        low, high = ranges[level]
        assert low <= pay[state].amount <= high
    ends = [end for pair in ranges.values() for end in pair]
    assert ends == sorted(ends)
